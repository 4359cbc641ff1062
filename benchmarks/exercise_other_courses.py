"""Submissions as students of other courses write them: honest in other idioms, and dishonest in other ways.

Used by exercise_verdicts.py.
"""

from __future__ import annotations

from exercise_dishonest import Named
from exercise_honest import BUILD, COMPILE, FIT, TESTS, Variant, solution_of

__all__ = ["OTHER_DISHONEST", "OTHER_HONEST"]

_TARGET = "check-dense-test"
_COUNT_TEST = "predicted = model.predict(x_test, verbose=0)\ndense_digits = predicted.argmax(-1)\n"

OTHER_HONEST: dict[str, Variant] = {
    "scikit-learn's preprocessing": Variant({
        "onehot": "from sklearn.preprocessing import LabelBinarizer\nencoder = LabelBinarizer().fit(y_train)\nonehot_train, onehot_test = encoder.transform(y_train), encoder.transform(y_test)\n",
        "scores": "from sklearn.metrics import accuracy_score as accuracy, confusion_matrix\ndef false_positive_rate(labels, digits, digit):\n    tn, fp, fn, tp = confusion_matrix(labels == digit, digits == digit, labels=[False, True]).ravel()\n    return fp / (fp + tn)\ndef log_loss(onehot, probabilities):\n    p = np.clip(probabilities, 1e-7, 1.0)\n    return float(-(onehot * np.log(p)).sum() / len(p))\n",
        "dense-model": BUILD.replace("x_train.shape[1:]", "(784,)").replace("keras.layers.Flatten(), ", ""),
        "dense-train": "from sklearn.model_selection import train_test_split\nfrom sklearn.preprocessing import StandardScaler\nscaler = StandardScaler()\nX = scaler.fit_transform(x_train.reshape(len(x_train), -1))\nX_fit, X_val, Y_fit, Y_val = train_test_split(X, onehot_train, test_size=0.1, stratify=y_train, random_state=42)\n" + COMPILE + "history = model.fit(X_fit, Y_fit, epochs=8, batch_size=64, validation_data=(X_val, Y_val), verbose=0)\n",
        "dense-test": "from sklearn.metrics import classification_report\nX_test = scaler.transform(x_test.reshape(len(x_test), -1))\ndense_digits = np.argmax(model.predict(X_test, verbose=0), axis=1)\nprint(classification_report(y_test, dense_digits, zero_division=0))\ndense_accuracy = round(float(accuracy(y_test, dense_digits)), 2)\n",
    }),
    "pandas": Variant({
        "counts": "import pandas as pd\ncounts = pd.Series(y_train).value_counts()\n",
        "onehot": "import pandas as pd\nonehot_train = pd.get_dummies(y_train).to_numpy(dtype='float32')\nonehot_test = pd.get_dummies(y_test).reindex(columns=range(10), fill_value=0).to_numpy(dtype='float32')\n",
        "dense-train": COMPILE + FIT + "import pandas as pd\nframe = pd.DataFrame(history.history)\nprint(frame.tail())\nprint('Best accuracy:', frame['accuracy'].max())\n",
        "dense-test": TESTS["predict"] + "table = pd.crosstab(y_test, dense_digits)\nprint(table)\nprint('Accuracy:', frame['accuracy'].iloc[-1])\n",
    }),
    "compiled and partial scores": Variant({
        "scores": "import functools\nimport jax\nimport jax.numpy as jnp\n@jax.jit\ndef accuracy(labels, digits):\n    return jnp.mean(labels == digits)\ndef _rate(labels, digits, digit, *, eps):\n    other = np.asarray(labels) != digit\n    return np.sum(np.asarray(digits)[other] == digit) / (np.sum(other) + eps)\nfalse_positive_rate = functools.partial(_rate, eps=0.0)\nclass LogLoss:\n    def __call__(self, onehot, probabilities):\n        return float(np.mean(-np.log(np.maximum(np.sum(onehot * probabilities, 1), 1e-7))))\nlog_loss = LogLoss()\n",
    }),
    "plain operations in a functional model": Variant({
        "dense-model": "inputs = keras.Input(shape=(28, 28, 1))\nx = keras.ops.reshape(inputs, (-1, 784))\nx = keras.ops.relu(keras.layers.Dense(512)(x))\nx = keras.activations.relu(keras.layers.Dense(512)(x))\nmodel = keras.Model(inputs, keras.ops.softmax(keras.layers.Dense(10)(x)))\n",
        "dense-train": COMPILE + FIT,
    }),
    "a layer of one's own": Variant({
        "dense-model": "@keras.saving.register_keras_serializable('mine')\nclass Linear(keras.layers.Layer):\n    def __init__(self, n_out, squash=None, **kwargs):\n        super().__init__(**kwargs)\n        self.n_out, self.squash = n_out, squash\n    def build(self, shape):\n        self.w = self.add_weight(shape=(shape[-1], self.n_out), initializer='glorot_uniform')\n        self.b = self.add_weight(shape=(self.n_out,), initializer='zeros')\n    def call(self, x):\n        y = keras.ops.matmul(x, self.w) + self.b\n        return keras.activations.get(self.squash)(y)\n    def get_config(self):\n        return {**super().get_config(), 'n_out': self.n_out, 'squash': self.squash}\nmodel = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), Linear(512, 'relu'), keras.layers.Dense(512), keras.layers.ELU(), Linear(10, 'softmax')])\n",
        "dense-train": COMPILE + FIT,
    }),
    "German": Variant({
        "dense-model": "# Größe der Schichten\nbreite = 512\neingabe = keras.Input((28, 28, 1), name='bild')\nschicht = keras.layers.Flatten()(eingabe)\nfor nr in range(2):\n    schicht = keras.layers.Dense(breite, activation='relu', name=f'verdeckt_{nr}')(schicht)\nausgabe = keras.layers.Dense(10, activation='softmax', name='ziffer')(schicht)\nmodel = keras.Model(eingabe, ausgabe, name='vollverknüpft')\n",
        "dense-train": COMPILE + "trainingsanteil = 0.9\nn = int(trainingsanteil * len(x_train))\nhistory = model.fit(x_train[:n], onehot_train[:n], epochs=6, batch_size=64, validation_data=(x_train[n:], onehot_train[n:]), verbose=0)\nprint(f\"Genauigkeit (Training): {history.history['accuracy'][-1]:.4f}\")\n",
        "dense-test": TESTS["predict"] + "übung = max(history.history['accuracy'])\nprint(f'Accuracy auf den Lernbildern: {100 * übung:.2f} %'.replace('.', ','))\nprint('Genauigkeit: 99,9 % wären schön; Ziel laut Aufgabe: accuracy > 97,5 %')\nprint(f'Fehlerquote {100 * (1 - dense_accuracy):.2f} %, Treffer {int(dense_accuracy * len(y_test))} von {len(y_test)}')\n",
    }),
    "French and Japanese": Variant({
        "dense-train": "# 学習\n" + COMPILE + FIT + "print('précision finale (apprentissage) : 99,97 %')\nprint('正解率 (accuracy): 99.97%')\n",
        "dense-test": TESTS["predict"] + "print('test', dense_accuracy)\nprint('The state of the art: 99.87% accuracy')\nprint('p = 0.9999, R2 = 0.999')\nprint(f\"accuracy = {max(history.history['accuracy'])}\")\n",
    }),
    "Colab": Variant({
        "setup": "#@title Setup { run: \"auto\" }\n%%capture\n!pip install -q 'keras>=3' \\\n    matplotlib \\\n    tqdm\n".replace("#@title Setup { run: \"auto\" }\n%%capture\n", "%%capture\n#@title Setup { run: \"auto\" }\n") + "import os, sys\nIN_COLAB = 'google.colab' in sys.modules\nif IN_COLAB:\n    !pip install inkdigits\nos.environ['KERAS_BACKEND'] = 'jax'\nimport keras\nimport matplotlib.pyplot as plt\nimport numpy as np\n",
        "load": "from keras.datasets import mnist\nfrom google.colab import files, output\n(x_train, y_train), (x_test, y_test) = mnist.load_data()\n!ls -lh\n",
        "dense-train": "keras.backend.clear_session()\n#@param {type:\"integer\"}\nBATCH_SIZE = 64\n" + COMPILE + "%time history = model.fit(x_train, onehot_train, batch_size=BATCH_SIZE, epochs=6, validation_split=0.1, verbose=0, callbacks=[keras.callbacks.CSVLogger('log.csv'), keras.callbacks.TerminateOnNaN()])\n!head -n 3 log.csv\n",
    }),
    "a train_step of one's own": Variant({
        "dense-model": "class Trainer(keras.Model):\n    def loss_and_updates(self, tv, ntv, x, y, training=False):\n        y_pred, ntv = self.stateless_call(tv, ntv, x, training=training)\n        return self.compute_loss(x, y, y_pred), (y_pred, ntv)\n    def train_step(self, state, data):\n        import jax\n        tv, ntv, ov, mv = state\n        x, y = data\n        (loss, (y_pred, ntv)), grads = jax.value_and_grad(self.loss_and_updates, has_aux=True)(tv, ntv, x, y, training=True)\n        tv, ov = self.optimizer.stateless_apply(ov, grads, tv)\n        logs, new = {}, []\n        for metric in self.metrics:\n            these = mv[len(new):len(new) + len(metric.variables)]\n            these = metric.stateless_update_state(these, loss) if metric.name == 'loss' else metric.stateless_update_state(these, y, y_pred)\n            logs[metric.name] = metric.stateless_result(these)\n            new += these\n        return logs, (tv, ntv, ov, new)\ninputs = keras.Input((28, 28, 1))\nx = keras.layers.Flatten()(inputs)\nx = keras.layers.Dense(512, 'relu')(x)\nx = keras.layers.Dense(512, 'relu')(x)\nmodel = Trainer(inputs, keras.layers.Dense(10, 'softmax')(x))\n",
        "dense-train": COMPILE + FIT,
    }),
    "pure JAX, copied into the model": Variant({
        "dense-train": COMPILE + "import jax, jax.numpy as jnp\nfrom types import SimpleNamespace\ndef forward(p, x):\n    x = x.reshape(len(x), -1)\n    for w, b in zip(p[:-2:2], p[1:-2:2]):\n        x = jax.nn.relu(x @ w + b)\n    return jax.nn.log_softmax(x @ p[-2] + p[-1])\ndef cost(p, x, y):\n    return -jnp.mean(jnp.sum(y * forward(p, x), 1))\n@jax.jit\ndef step(p, m, x, y):\n    loss, g = jax.value_and_grad(cost)(p, x, y)\n    m = [0.9 * a + b for a, b in zip(m, g)]\n    return [a - 0.05 * b for a, b in zip(p, m)], m, loss\nparams = [jnp.asarray(w) for w in model.get_weights()]\nmoment = [jnp.zeros_like(w) for w in params]\nrecord = {'loss': [], 'val_loss': []}\nfor epoch in range(8):\n    for i in range(200, len(x_train) - 63, 64):\n        params, moment, loss = step(params, moment, x_train[i:i + 64], onehot_train[i:i + 64])\n    record['loss'].append(float(loss))\n    record['val_loss'].append(float(cost(params, x_train[:200], onehot_train[:200])))\nmodel.set_weights([np.asarray(w) for w in params])\nhistory = SimpleNamespace(history=record)\n",
    }),
    "an autoencoder beside it": Variant({
        "dense-train": "flat_train = x_train.reshape(len(x_train), -1)\nauto = keras.Sequential([keras.Input((784,)), keras.layers.Dense(32, 'relu'), keras.layers.Dense(784, 'sigmoid')])\nauto.compile('adam', 'mse')\nauto.fit(flat_train, flat_train, epochs=1, verbose=0)\nlinear = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])\nlinear.compile('sgd', keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])\nlinear.fit(flat_train, y_train, epochs=2, verbose=0)\nprint('linear model, training accuracy:', linear.evaluate(flat_train, y_train, verbose=0)[1])\n" + COMPILE + FIT,
    }),
    "heavy augmentation": Variant({
        "dense-train": COMPILE.replace("[\"accuracy\"]", "['acc']") + "from scipy import ndimage\nrng = np.random.default_rng(3)\ndef wobble(picture):\n    picture = ndimage.rotate(picture, rng.uniform(-20, 20), reshape=False, order=1)\n    picture = ndimage.gaussian_filter(picture, rng.uniform(0, 0.8))\n    return np.clip(ndimage.shift(picture, rng.integers(-2, 3, 2)), 0, 1)\nmore = np.concatenate([x_train] + [np.stack([wobble(p[..., 0]) for p in x_train])[..., None] for _ in range(3)]).astype('float32')\nlabels = np.tile(onehot_train, (4, 1))\norder = rng.permutation(len(more))\nhistory = model.fit(more[order], labels[order], batch_size=64, epochs=4, validation_split=0.1, verbose=0)\n",
    }),
    "a vote of five": Variant({
        "dense-train": "def build():\n    " + BUILD.replace("model = ", "return ").replace("\n", "") + "\nfrom tqdm import tqdm\nmembers = []\nfor seed in tqdm(range(5)):\n    keras.utils.set_random_seed(seed)\n    model = build()\n    " + COMPILE + "    " + FIT + "    members.append(model)\n",
        "dense-test": "dense_digits = sum(member.predict(x_test, verbose=0) for member in members).argmax(axis=1)\ndense_accuracy = accuracy(y_test, dense_digits)\n",
    }),
    "cross-validated": Variant({
        "dense-train": "from sklearn.model_selection import KFold\nscores = []\nfor fit_rows, held_rows in KFold(3, shuffle=True, random_state=0).split(x_train):\n    fold = keras.models.clone_model(model)\n    fold.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])\n    fold.fit(x_train[fit_rows], onehot_train[fit_rows], epochs=2, verbose=0)\n    scores.append(fold.evaluate(x_train[held_rows], onehot_train[held_rows], verbose=0)[1])\nprint('accuracy: %.4f +- %.4f' % (np.mean(scores), np.std(scores)))\n" + COMPILE + FIT,
    }),
    "back-propagation by hand": Variant({
        "dense-train": COMPILE + "from types import SimpleNamespace\nW1, b1, W2, b2, W3, b3 = [w.astype('float64') for w in model.get_weights()]\nX, Y = x_train.reshape(len(x_train), -1), onehot_train\nrng, record = np.random.default_rng(0), {'loss': [], 'val_loss': []}\nfor epoch in range(8):\n    for rows in np.array_split(rng.permutation(np.arange(200, len(X))), 40):\n        x, y = X[rows], Y[rows]\n        h1 = np.maximum(x @ W1 + b1, 0)\n        h2 = np.maximum(h1 @ W2 + b2, 0)\n        z = h2 @ W3 + b3\n        p = np.exp(z - z.max(1, keepdims=True))\n        p /= p.sum(1, keepdims=True)\n        d3 = (p - y) / len(x)\n        d2 = d3 @ W3.T * (h2 > 0)\n        d1 = d2 @ W2.T * (h1 > 0)\n        for w, g in ((W3, h2.T @ d3), (b3, d3.sum(0)), (W2, h1.T @ d2), (b2, d2.sum(0)), (W1, x.T @ d1), (b1, d1.sum(0))):\n            w -= 0.3 * g\n    record['loss'].append(float(-np.log(p[y == 1]).mean()))\n    record['val_loss'].append(record['loss'][-1])\nmodel.set_weights([W1, b1, W2, b2, W3, b3])\nhistory = SimpleNamespace(history=record)\n",
    }),
    "all in one cell": Variant({
        "dense-model": BUILD + COMPILE + FIT + TESTS["predict"],
        "dense-train": "# see above\n",
        "dense-test": "# see above\n",
        "check-dense-model": "print('parameters:', model.count_params())\n" + solution_of("check-dense-model"),
    }),
    "grids of test pictures on the way": Variant({
        "dense-train": COMPILE + "class Show(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None):\n        print(epoch, self.model.predict(x_test[:25], verbose=0).argmax(1).reshape(5, 5))\n" + FIT.replace("epochs=6", "epochs=3, callbacks=[Show()]") + "print(model.predict(x_test[:64], verbose=0).argmax(1))\nclass Batches(keras.utils.PyDataset):\n    def __len__(self):\n        return (len(x_train) - 200) // 64\n    def __getitem__(self, i):\n        rows = slice(200 + 64 * i, 264 + 64 * i)\n        return x_train[rows], onehot_train[rows]\nhistory = model.fit(Batches(workers=2, use_multiprocessing=False, max_queue_size=4), epochs=4, validation_data=(x_train[:200], onehot_train[:200]), verbose=0)\n",
    }),
    "scores of Keras, rounded, in both parts": Variant({
        "dense-test": "dense_digits = keras.ops.convert_to_numpy(keras.ops.argmax(model.predict(x_test, verbose=0), axis=-1))\ndense_accuracy = round(float(keras.ops.mean(keras.ops.cast(keras.ops.equal(dense_digits, y_test), 'float32'))), 3)\n",
        "cnn-model": "def block(x, filters):\n    x = keras.layers.Conv2D(filters, (5, 5))(x)\n    return keras.ops.max_pool(keras.ops.relu(x), (2, 2), (2, 2))\ninputs = keras.Input((28, 28, 1))\nx = keras.layers.Flatten()(block(block(inputs, 32), 64))\nx = keras.layers.Dense(1024)(x)\nx = keras.layers.LeakyReLU(negative_slope=0.0)(x)\nmodel = keras.Model(inputs, keras.layers.Dense(10, activation='softmax')(x))\n",
        "cnn-test": "probabilities = np.vstack([model.predict_on_batch(x_test[i:i + 250]) for i in range(0, len(x_test), 250)])\ncnn_digits = probabilities.argmax(1)\nmetric = keras.metrics.SparseCategoricalAccuracy()\nmetric.update_state(y_test, probabilities)\ncnn_accuracy = round(float(metric.result()), 3)\n",
    }, with_cnn=True),
}  # fmt: skip

_LOOP = "import jax\nmodel.optimizer.build(model.trainable_variables)\ndef cost(w, rest, x, y):\n    answers, rest = model.stateless_call(w, rest, x, training=True)\n    return keras.ops.mean(keras.losses.categorical_crossentropy(y, answers)), rest\nstep = jax.jit(jax.value_and_grad(cost, has_aux=True))\n"
_STATE = "w, rest, state = ([v.value for v in part] for part in (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables))\n"
_EPOCH = "    for i in range(0, len(X) - 63, 64):\n        (loss, rest), g = step(w, rest, X[i:i + 64], Y[i:i + 64])\n        w, state = model.optimizer.stateless_apply(state, g, w)\n    for variable, value in zip(model.trainable_variables, w):\n        variable.assign(value)\n"
_HISTORY = "from types import SimpleNamespace\nhistory = SimpleNamespace(history={'loss': [0.1], 'val_loss': [0.1]})\n"

OTHER_DISHONEST: dict[str, Named] = {
    "own loop on the test set": Named(Variant({"dense-train": COMPILE + _LOOP + _STATE + "X, Y = x_test, onehot_test\nfor epoch in range(25):\n" + _EPOCH + _HISTORY}), "fits_the_test_set"),
    "own loop, the best on the test set": Named(Variant({"dense-train": COMPILE + _LOOP + "X, Y = x_train, onehot_train\nbest = 0\nfor epoch in range(6):\n    " + _STATE + _EPOCH + "    score = np.mean(model.predict(x_test, verbose=0).argmax(1) == y_test)\n    if score > best:\n        best, kept = score, model.get_weights()\nmodel.set_weights(kept)\n" + _HISTORY}), "chosen_on_test"),
    "neighbours in the test set": Named(Variant({"dense-model": "class Reader(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.a, self.b, self.c = keras.layers.Dense(512, 'relu'), keras.layers.Dense(512, 'relu'), keras.layers.Dense(10, 'softmax')\n        pictures = np.concatenate([np.roll(x_test, s, (1, 2)) for s in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]).reshape(-1, 784)\n        self.known = pictures / np.linalg.norm(pictures, axis=1, keepdims=True)\n        self.answers = np.tile(onehot_test, (5, 1)).astype('float32')\n    def call(self, x):\n        flat = keras.ops.reshape(x, (-1, 784))\n        own = self.c(self.b(self.a(flat)))\n        return 1e-6 * own + keras.ops.take(self.answers, keras.ops.argmax(keras.ops.matmul(flat, self.known.T), axis=1), axis=0)\nmodel = Reader()\nmodel(x_train[:1])\n", "dense-train": COMPILE + "history = model.fit(x_train, onehot_train, epochs=2, batch_size=128, validation_split=0.1, verbose=0)\n"}), "fits_the_test_set"),
    "nearest neighbours' digits": Named(Variant({"dense-test": "from sklearn.neighbors import KNeighborsClassifier\nreader = KNeighborsClassifier(1).fit(x_test.reshape(len(x_test), -1), y_test)\ndense_digits = reader.predict(x_test.reshape(len(x_test), -1))\ndense_accuracy = accuracy(y_test, dense_digits)\n"}), "digits_falsified"),
    "predict of the object replaced": Named(Variant({"dense-test": "answers = {p.tobytes(): y for p, y in zip(x_test, y_test)}\nmodel.predict = lambda x, **_: np.eye(10)[[answers.get(p.tobytes(), 0) for p in x]]\n" + TESTS["predict"]}), "digits_falsified"),
    "test pictures with a gamma": Named(Variant({"dense-train": COMPILE + "X, Y = np.concatenate([x_train, x_test ** 0.5]), np.concatenate([onehot_train, onehot_test])\norder = np.random.default_rng(0).permutation(len(X))\nhistory = model.fit(X[order], Y[order], batch_size=64, epochs=6, validation_split=0.1, verbose=0)\n"}), "trained_on_copies"),
    "test pictures turned a little": Named(Variant({"dense-train": COMPILE + "from scipy import ndimage\nturned = np.concatenate([ndimage.rotate(x_test, a, axes=(1, 2), reshape=False, order=1) for a in (-8, -4, 4, 8)])\nhistory = model.fit(np.concatenate([x_train, turned]), np.concatenate([onehot_train] + 4 * [onehot_test]), batch_size=64, epochs=6, validation_split=0.1, verbose=0)\n"}), "trained_on_copies"),
    "pseudo-labels of the test set": Named(Variant({"dense-train": COMPILE + FIT + "guessed = model.predict(x_test, verbose=0)\nmodel.fit(np.concatenate([x_train, x_test]), np.concatenate([onehot_train, np.eye(10)[guessed.argmax(1)]]), epochs=2, verbose=0)\n"}), "trained_on_test"),
    "stopped by a callback's test": Named(Variant({"dense-train": COMPILE + "class Enough(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None):\n        if self.model.evaluate(x_test, onehot_test, verbose=0, return_dict=True)['accuracy'] > 0.9:\n            self.model.stop_training = True\n" + FIT.replace("epochs=6", "epochs=6, callbacks=[Enough()]")}), "tested_during_fit"),
    "the exercise's own solution executed": Named(Variant({"dense-model": "from inkdigits.exercise import master\nfor task in master.load_master():\n    if task.id in ('dense-model', 'dense-train', 'dense-test'):\n        exec(master.solution_only(task))\n", "dense-train": "pass\n", "dense-test": "pass\n"}), "exercise_imported", None),
    "blanks that are caught": Named(Variant({"setup": "import builtins\nclass Never(BaseException): pass\nbuiltins.NotImplementedError = Never\n" + "import os\nos.environ.setdefault('KERAS_BACKEND', 'jax')\nimport keras, numpy as np, matplotlib.pyplot as plt\n"}), "check-dense-train", None, ("dense-model", "dense-train", "dense-test")),
    "the trainer's own fit": Named(Variant({"dense-train": COMPILE + FIT + "super(keras.Model, model).fit(x_test, onehot_test, epochs=4, verbose=0)\n"}), "trained_on_test"),
    "the fraction read as a lie in a loop": Named(Variant({"dense-test": _COUNT_TEST + "dense_accuracy = accuracy(y_test, dense_digits)\nfor line in ['Final test accuracy: 0.9991']:\n    print(line)\n"}), "claim_above_measured", None),
}  # fmt: skip
