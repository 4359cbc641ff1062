"""Reading many pictures into a folder of Parquet files, on one machine or a cluster."""
