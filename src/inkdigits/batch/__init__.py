"""Reading many pictures: a source in, a folder of Parquet parts out, on one machine or many."""
