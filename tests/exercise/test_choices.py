"""What chooses a network by its test score, and what only shows scores."""

from __future__ import annotations

import pytest

from inkdigits.exercise.choices import chooses_on_test

BEFORE = """(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255, x_test / 255

def build(rate=0.001):
    network = keras.Sequential([keras.layers.Dense(10)])
    network.compile(keras.optimizers.Adam(rate))
    return network

def score(network):
    return np.mean(network.predict(x_test).argmax(axis=1) == y_test)

def train(seed):
    keras.utils.set_random_seed(seed)
    network = build()
    network.fit(x_train, onehot_train)
    return network, network.evaluate(x_test, onehot_test)[1]
"""
SHOWN = {
    "seeds printed": """
for seed in range(3):
    keras.utils.set_random_seed(seed)
    model = build()
    model.fit(x_train, onehot_train)
    print(seed, model.evaluate(x_test, onehot_test)[1])
""",
    "the best score printed": """
scores = []
for seed in range(3):
    model = build()
    model.fit(x_train, onehot_train)
    scores.append(model.evaluate(x_test, onehot_test)[1])
print(max(scores), np.argmax(scores), np.mean(scores))
""",
    "the best seed printed": """
best = 0
for seed in range(3):
    model = build()
    model.fit(x_train, onehot_train)
    score = model.evaluate(x_test, onehot_test)[1]
    if score > best:
        best, best_seed = score, seed
print(best_seed)
""",
    "networks kept beside their scores": """
def train(seed):
    m = build()
    m.fit(x_train, onehot_train)
    score = m.evaluate(x_test, onehot_test)[1]
    return m, score
results = []
for seed in range(3):
    model, score = train(seed)
    results.append((model, score))
for model, score in results:
    print(score)
model = results[0][0]
""",
    "held against a bar": """
model = build()
model.fit(x_train)
acc = model.evaluate(x_test, onehot_test)[1]
if acc < 0.97:
    print('bad')
assert acc > 0.9
if acc > .98:
    model.save('good.keras')
""",
    "misread pictures shown": """
model = build()
model.fit(x_train)
digits = model.predict(x_test).argmax(1)
shown = 0
for i in range(len(y_test)):
    if digits[i] != y_test[i]:
        plt.imshow(x_test[i])
        shown += 1
        if shown == 9:
            break
wrong = x_test[digits != y_test]
print(model.predict(wrong))
""",
    "by validation": """
x_val, y_val = x_train[:100], onehot_train[:100]
best = 0
for seed in range(3):
    m = build()
    m.fit(x_train)
    v = m.evaluate(x_val, y_val)[1]
    print(m.evaluate(x_test, onehot_test))
    if v > best:
        best, model = v, m
""",
    "by validation, all data scaled at once": """
x_all = np.concatenate([x_train, x_test]) / 255
x_train, x_test = x_all[:60000], x_all[60000:]
x_val = x_train[:100]
ms = [build() for _ in range(3)]
for m in ms: m.fit(x_train)
vs = [m.evaluate(x_val, onehot_train[:100])[1] for m in ms]
print([m.evaluate(x_test, onehot_test)[1] for m in ms])
model = ms[int(np.argmax(vs))]
""",
    "trained anew after a choice": """
best = max([build(), build()], key=lambda m: m.evaluate(x_test, onehot_test)[1])
model = build()
model.fit(x_train)
""",
    "a failed seed skipped": """
for seed in range(3):
    model = build()
    model.fit(x_train)
    acc = model.evaluate(x_test, onehot_test)[1]
    if acc < 0.5:
        print('diverged')
        continue
    print(acc)
""",
    "optimizers compared": """
results = {}
for name in ('sgd', 'adam'):
    model = build(name)
    model.fit(x_train)
    results[name] = accuracy(y_test, model.predict(x_test).argmax(1))
for name, acc in sorted(results.items(), key=lambda p: p[1]):
    print(name, acc)
""",
}

CHOSEN = {
    "the best of seeds": """
best = 0
for seed in range(3):
    c = build()
    c.fit(x_train)
    score = c.evaluate(x_test, onehot_test)[1]
    if score > best:
        best, chosen = score, c
model = chosen
""",
    "the index of the best epoch": """
ms = [keras.models.load_model(f'e{e}.keras') for e in range(4)]
scores = [m.evaluate(x_test, onehot_test)[1] for m in ms]
model = ms[int(np.argmax(scores))]
""",
    "until it is good": """
while True:
    model = build()
    model.fit(x_train)
    if model.evaluate(x_test, onehot_test)[1] > 0.98:
        break
""",
    "while it is not good": """
acc = 0
while acc < 0.98:
    model = build()
    model.fit(x_train)
    acc = accuracy(y_test, model.predict(x_test).argmax(1))
""",
    "the largest by a function": """
def score(m):
    return np.mean(m.predict(x_test).argmax(1) == y_test)
model = max([build(), build()], key=score)
""",
    "the first of a sorted list": """
runs = []
for seed in range(4):
    m = build()
    m.fit(x_train)
    runs.append((m.evaluate(x_test, onehot_test)[1], seed, m))
runs.sort(reverse=True)
model = runs[0][2]
""",
    "the best weights put back": """
best = 0
for e in range(4):
    model.fit(x_train)
    s = np.mean(model.predict(x_test).argmax(1) == y_test)
    if s > best:
        best = s
        kept = model.get_weights()
model.set_weights(kept)
""",
    "the best file loaded": """
scores = {}
for e in range(4):
    m = build()
    m.fit(x_train)
    m.save(f's{e}.keras')
    scores[e] = m.evaluate(x_test, onehot_test, verbose=0)[1]
best = max(scores, key=scores.get)
model = keras.models.load_model(f's{best}.keras')
""",
    "trained anew with the best rate": """
rates = [0.1, 0.01]
scores = []
for rate in rates:
    m = build(rate)
    m.fit(x_train)
    scores.append(m.evaluate(x_test, onehot_test)[1])
model = build(rates[scores.index(max(scores))])
model.fit(x_train)
""",
    "trained anew for as long as was best": """
scores = []
for n in range(1, 5):
    m = build()
    m.fit(x_train, epochs=n)
    scores.append(m.evaluate(x_test, onehot_test)[1])
model = build()
model.fit(x_train, epochs=1 + int(np.argmax(scores)))
""",
    "trained anew with the best seed": """
scores = []
for n in range(5):
    m = build()
    m.fit(x_train)
    scores.append(m.evaluate(x_test, onehot_test)[1])
keras.utils.set_random_seed(int(np.argmax(scores)))
model = build()
model.fit(x_train)
""",
    "a function that returns the best": """
def best_of(n):
    top = -1
    for s in range(n):
        m = build()
        m.fit(x_train)
        acc = m.evaluate(x_test, onehot_test)[1]
        if acc > top:
            top, winner = acc, m
    return winner
model = best_of(4)
""",
    "the best in a dict": """
best = {'acc': 0}
for s in range(3):
    m = build()
    m.fit(x_train)
    acc = m.evaluate(x_test, onehot_test)[1]
    if acc > best['acc']:
        best = {'acc': acc, 'model': m}
model = best['model']
""",
    "worse ones skipped": """
top = 0
for s in range(3):
    m = build()
    m.fit(x_train)
    acc = m.evaluate(x_test, onehot_test)[1]
    if acc <= top:
        continue
    top, model = acc, m
""",
    "the better of two": """
def test(m, x, y):
    return m.evaluate(x, y)[1]
a, b = build(), build()
model = a if test(a, x_test, onehot_test) > test(b, x_test, onehot_test) else b
""",
    "a network called": """
top = 0
for s in range(3):
    m = build()
    m.fit(x_train)
    acc = float(np.mean(np.asarray(m(x_test)).argmax(1) == y_test))
    if acc > top:
        top, model = acc, m
""",
    "the last row of a sorted table": """
table = pd.DataFrame([(s, build(), 0) for s in range(3)])
table['acc'] = [m.evaluate(x_test, onehot_test)[1] for m in table[1]]
model = table.sort_values('acc').iloc[-1][1]
""",
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_shows_scores_chooses_nothing(name: str) -> None:
    assert not chooses_on_test([BEFORE, SHOWN[name]])


@pytest.mark.parametrize("name", CHOSEN)
def test_what_selects_by_a_score_chooses(name: str) -> None:
    assert chooses_on_test([BEFORE, CHOSEN[name]])


def test_what_is_chosen_in_one_cell_is_known_in_the_next_and_code_that_is_no_python_is_passed_over() -> None:
    choice = "scores = [score(one) for one in networks]"
    assert chooses_on_test([BEFORE, choice, "%matplotlib inline\n?", "model = networks[int(np.argmax(scores))]"])
    assert not chooses_on_test([BEFORE, choice, "model = " + "-" * 5000 + "1"])


def test_code_that_is_nested_or_long_beyond_measure_is_followed_in_a_short_time() -> None:
    nested = "".join(f"{' ' * depth}for a{depth} in b:\n" for depth in range(60)) + " " * 60 + "c = a0\n"
    long = "".join(f"if a:\n    b{place} = 1\n" for place in range(20_000))
    assert not chooses_on_test([BEFORE, nested])
    assert not chooses_on_test([BEFORE, long])
