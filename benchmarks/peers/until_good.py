"""What every peer does: train an epoch, evaluate, and stop at the first epoch whose test accuracy is over the target.

Prints one JSON line: the seconds from `started` (Unix time, when the process was asked for) to the end of that epoch,
without the time that evaluating took; the seconds a step took in the last epoch; and what was reached.
"""

import json
import os
import time

MAX_EPOCHS = 8
BATCH_SIZE = int(os.environ.get("BATCH_SIZE", "128"))


def until_good(train_epoch, test_accuracy, target, started, pictures):
    """Call `train_epoch()` and `test_accuracy()` by turns, and print the line."""
    evaluating, accuracy, epochs = 0.0, 0.0, 0
    while accuracy <= float(target) and epochs < MAX_EPOCHS:
        epochs += 1
        before = time.time()
        train_epoch()
        after = time.time()
        step, seconds = (after - before) / (pictures / BATCH_SIZE), after - float(started) - evaluating
        accuracy = float(test_accuracy())
        evaluating += time.time() - after
    reached = accuracy > float(target)
    print(json.dumps({"seconds": seconds, "epochs": epochs, "accuracy": accuracy, "reached": reached, "step": step}))
