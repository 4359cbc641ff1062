"""Whether a notebook's code chooses its network by what networks read in the test set.

To print what several networks read is no choice. The code is followed from statement to statement, without running it:
a value that is computed from answers to test pictures is a score, and what is selected by a score (by a condition, an
index, the order of a list) is chosen. Where this does not see a choice there may still be one, made by a person.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from enum import Flag, auto

from inkdigits.exercise.parsing import parsed

__all__ = ["chooses_on_test"]


class _Label(Flag):
    """What is known of a value."""

    plain = 0
    test_data = auto()
    score = auto()  # computed from answers to test pictures
    chosen = auto()  # selected by a score


_KNOWING = _Label.score | _Label.chosen
_TEST_NAMES = ("x_test", "y_test", "onehot_test")
_TEST_DATA = re.compile(r"(?:^|_)te(?:st)?(?:$|_)|^[xy]_?te(?:st)?$", re.IGNORECASE)
# What is named so is no test data, whatever it was cut from.
_OTHER_DATA = re.compile(r"train|val|dev|held", re.IGNORECASE)
_READS = frozenset({"evaluate", "predict", "predict_on_batch", "test_on_batch"})
_CHANGES = frozenset({"fit", "compile", "set_weights", "load_weights", "train_on_batch"})
_ORDERS = frozenset({"max", "min", "sorted", "sort", "nlargest", "nsmallest", "sort_values"})
_SEEDS = frozenset({"set_random_seed", "seed"})
# They return what they are given, or what lies at the path that they are given.
_PASSES_ON = frozenset({"list", "tuple", "dict", "zip", "next", "iter", "reversed", "enumerate", "clone_model"})
# What is larger or deeper is no student's work, and must not keep the checker busy.
_MAX_NODES = 20_000
_MAX_LOOPS = 4  # in one another, that are followed twice
_LOADS = frozenset({"load_model", "load_weights"})


def chooses_on_test(sources: Iterable[str], network: str = "model") -> bool:
    """Whether `network` was chosen by a test score, or trained with what was, when these cells have run in order."""
    trees = [tree for source in sources if (tree := parsed(source)) is not None]
    if sum(1 for tree in trees for _ in ast.walk(tree)) > _MAX_NODES:
        return False
    try:
        flow = _Flow(_networks(trees))
        for tree in trees:
            flow.run(tree.body)
    except RecursionError:
        return False
    return _Label.chosen in flow.labels.get(network, _Label.plain)


def _networks(trees: list[ast.Module]) -> frozenset[str]:
    """The names that are used as networks."""
    nodes = (node for tree in trees for node in ast.walk(tree))
    return frozenset(
        node.value.id
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _READS | _CHANGES
    )


def _root(node: ast.expr) -> str | None:
    """The name that `node` is a part of."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _weakened(label: _Label) -> _Label:
    """Of what is computed from a value: what follows from something chosen is itself no choice, but a score."""
    return label & ~_Label.chosen | _Label.score if _Label.chosen in label else label


class _Flow:
    """The labels of all names, statement by statement."""

    def __init__(self, networks: frozenset[str]) -> None:
        self.networks = networks
        self.labels: dict[str, _Label] = dict.fromkeys(_TEST_NAMES, _Label.test_data)
        self.functions: set[str] = set()
        self.readers: set[str] = set()  # functions that let a network read what they are given
        self.by_score = False  # whether what runs does so because of a score
        self.stopped = False  # whether the loop under way is left because of one
        self.returned = _Label.plain
        self.loops = 0  # under way

    def run(self, statements: list[ast.stmt]) -> None:
        """Follow statements; after a `continue` because of a score the rest depends on it."""
        before = self.by_score
        for statement in statements:
            self._statement(statement)
            if isinstance(statement, ast.If) and self._knows(statement.test) and _leaves(statement, ast.Continue):
                self.by_score = True
        self.by_score = before

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self._assign(target, value)
            case ast.AugAssign(target=target, value=value):
                self._bind(target, self._of(value) | self.labels.get(_root(target) or "", _Label.plain))
            case ast.Return(value=value):
                self.returned |= self._of(value) | (_Label.chosen if self.by_score else _Label.plain)
            case ast.If(test=test, body=body, orelse=orelse):
                self._branches(test, body, orelse)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                self.labels[node.name] = _Label.plain
            case _:
                self._other(node)

    def _other(self, node: ast.AST) -> None:
        """Expressions and blocks in their order: `with`, `try`, `match`, and what only computes."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self._statement(child)
            elif isinstance(child, ast.expr):
                self._of(child)
            elif isinstance(child, ast.withitem):
                label = self._of(child.context_expr)
                if child.optional_vars is not None:
                    self._bind(child.optional_vars, label)
            else:
                self._other(child)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        pairs = (
            zip(target.elts, value.elts, strict=True)
            if isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
            else [(target, value)]
        )
        for one, label in [(one, self._of(its)) for one, its in pairs]:
            self._bind(one, label)

    def _bind(self, target: ast.expr, label: _Label) -> None:
        label |= _Label.chosen if self.by_score else _Label.plain
        if isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._bind(part, label)
        elif isinstance(target, ast.Name):
            self.labels[target.id] = _by_name(target.id, label)
        elif (name := _root(target)) is not None:
            self._add(name, label)

    def _add(self, name: str, label: _Label) -> None:
        self.labels[name] = self.labels.get(name, _Label.plain) | label

    def _knows(self, condition: ast.expr) -> bool:
        return bool(self._of(condition) & _KNOWING)

    def _branches(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        known, outside, before = self._knows(test), self.by_score, self.labels
        self.by_score = outside or known
        ends = []
        for branch in (body, orelse):
            self.labels = dict(before)
            self.run(branch)
            ends.append(self.labels)
        self.labels = _joined(*ends)
        self.by_score = outside

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        outside, self.stopped = self.stopped, False
        self.loops += 1
        for _ in range(2 if self.loops <= _MAX_LOOPS else 1):  # what a pass leaves behind is there in the next
            before = dict(self.labels)
            if isinstance(node, ast.While):
                self.stopped |= self._knows(node.test)
            else:
                self._bind(node.target, self._of(node.iter))
            self.run(node.body)
            self.stopped |= self._is_left(node.body)
            self.labels = _joined(before, self.labels)
        if self.stopped:
            for name in _changed_in(node):
                self._add(name, _Label.chosen)
        self.loops -= 1
        self.run(node.orelse)
        self.stopped = outside

    def _is_left(self, body: list[ast.stmt]) -> bool:
        """Whether a `break` of this loop depends on a score."""
        conditions = [node for statement in body for node in _within(statement) if isinstance(node, ast.If)]
        return any(_leaves(node, ast.Break) and self._knows(node.test) for node in conditions)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        inner = _Flow(self.networks)
        inner.labels, inner.functions, inner.readers = dict(self.labels), set(self.functions), set(self.readers)
        inner.labels |= {
            argument.arg: _Label.plain for argument in ast.walk(node.args) if isinstance(argument, ast.arg)
        }
        inner.run(node.body)
        self.labels[node.name] = inner.returned
        self.functions.add(node.name)
        calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
        if any(isinstance(called, ast.Attribute) and called.attr in _READS for called in calls):
            self.readers.add(node.name)

    def _of(self, node: ast.AST | None) -> _Label:
        """The label of an expression."""
        match node:
            case None | ast.Constant():
                label = _Label.plain
            case ast.Name(id=name):
                label = self.labels.get(name, _Label.plain)
            case ast.Subscript(value=value, slice=index):
                label = self._of(value) | self._of(index) & _Label.test_data | self._chosen_by(index)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                label = self._of(body) | self._of(orelse) | self._chosen_by(test)
            case ast.NamedExpr(target=target, value=value):
                label = self._of(value)
                self._bind(target, label)
            case ast.Call():
                label = self._call(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                label = self._comprehension(node)
            case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.JoinedStr():
                label = _weakened(self._all(ast.iter_child_nodes(node)))
            case ast.Lambda(body=body):
                label = self._of(body)
            case _:
                label = self._all(ast.iter_child_nodes(node))
        return label

    def _chosen_by(self, condition: ast.expr) -> _Label:
        return _Label.chosen if self._knows(condition) else _Label.plain

    def _all(self, nodes: Iterable[ast.AST]) -> _Label:
        label = _Label.plain
        for node in nodes:
            label |= self._of(node)
        return label

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> _Label:
        outside, label = dict(self.labels), _Label.plain
        for part in node.generators:
            self._bind(part.target, self._of(part.iter))
            for condition in part.ifs:
                label |= self._chosen_by(condition)
        label |= self._all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.labels = outside
        return label

    def _call(self, node: ast.Call) -> _Label:
        given = self._all([*node.args, *(keyword.value for keyword in node.keywords)])
        owner = self._of(node.func)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else _root(node.func)
        if _Label.test_data in given and self._lets_read(node.func):
            return owner & ~_Label.test_data | _Label.score
        if isinstance(node.func, ast.Attribute):
            self._change(node.func, given)
        label = owner | given
        if name in _SEEDS and given & _KNOWING:
            self.by_score = True
        if (name in _ORDERS or name in _LOADS) and label & _KNOWING:
            return label | _Label.chosen
        return label if name in _PASSES_ON or name in self.functions else _weakened(label)

    def _lets_read(self, called: ast.expr) -> bool:
        if isinstance(called, ast.Attribute):
            return called.attr in _READS
        return isinstance(called, ast.Name) and called.id in self.networks | self.readers

    def _change(self, called: ast.Attribute, given: _Label) -> None:
        """What a method does to its object: a network that is trained with a score, a list that is sorted by one."""
        name = _root(called.value)
        # Modules, which are not assigned, do not change.
        if name is None or (name not in self.labels and name not in self.networks):
            return
        if called.attr in _CHANGES:
            self._add(name, _Label.chosen if self.by_score or given & _KNOWING else _Label.plain)
        elif called.attr not in _READS:
            ordered = called.attr in _ORDERS and (self.labels.get(name, _Label.plain) | given) & _KNOWING
            self._add(name, given & _KNOWING | (_Label.chosen if ordered else _Label.plain))


def _by_name(name: str, label: _Label) -> _Label:
    """The label of what is assigned to `name`, which tells test data from others more surely than calls do."""
    if _OTHER_DATA.search(name):
        return label & ~_Label.test_data
    return label | _Label.test_data if _TEST_DATA.search(name) else label


def _joined(first: dict[str, _Label], second: dict[str, _Label]) -> dict[str, _Label]:
    plain = _Label.plain
    return {name: first.get(name, plain) | second.get(name, plain) for name in first.keys() | second.keys()}


def _within(node: ast.AST) -> Iterable[ast.AST]:
    """`node` and what lies in it, but not in loops and functions inside it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.For | ast.AsyncFor | ast.While | ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield from _within(child)


def _leaves(node: ast.If, kind: type[ast.stmt]) -> bool:
    return any(isinstance(inner, kind) for inner in _within(node))


def _changed_in(loop: ast.AST) -> set[str]:
    """The names that a loop assigns, and the networks that it trains."""
    names = {node.id for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    changing = (node for node in ast.walk(loop) if isinstance(node, ast.Attribute) and node.attr in _CHANGES)
    return names | {name for node in changing if (name := _root(node.value)) is not None}
