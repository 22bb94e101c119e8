"""Items under their clauses, with the numbers of those answered."""

import re
from collections.abc import Iterable, Iterator, Mapping

from intact_desktop.features.checklist.queries import Item

_CHAPTER = re.compile(r"[A-Za-z]+|\d+")


class Node:
    """A chapter, a clause or an item. `done` of `total` items below it are answered."""

    __slots__ = ("children", "clause", "done", "item", "parent", "row", "title", "total")

    def __init__(self, parent: "Node | None", clause: str, title: str) -> None:
        self.parent = parent
        self.clause = clause
        self.title = title
        self.children: list[Node] = []
        self.item: Item | None = None
        self.row = 0
        self.done = 0
        self.total = 0

    def add(self, child: "Node") -> "Node":
        child.row = len(self.children)
        self.children.append(child)
        return child

    def items(self) -> Iterator["Node"]:
        """The nodes of items at and below this one, in order."""
        if self.item is not None:
            yield self
        for child in self.children:
            yield from child.items()

    def count(self, answered: int, all_: int) -> None:
        """Change the numbers here and above."""
        node: Node | None = self
        while node is not None:
            node.done += answered
            node.total += all_
            node = node.parent


def build(items: Iterable[Item], titles: Mapping[str, str]) -> Node:
    """The tree: chapters, their clauses, and the items; a clause with one item is that item."""
    root = Node(None, "", "")
    chapters: dict[str, Node] = {}
    clauses: dict[str, list[Item]] = {}
    for item in items:
        clauses.setdefault(item.clause, []).append(item)
    for clause, inside in clauses.items():
        name = _chapter(clause)
        if name not in chapters:
            chapters[name] = root.add(Node(root, name, titles.get(name, "")))
        _put_clause(chapters[name], clause, inside, titles)
    return root


def _put_clause(chapter: Node, clause: str, inside: list[Item], titles: Mapping[str, str]) -> None:
    title = inside[0].title or titles.get(clause, "")
    if len(inside) == 1:
        _put_item(chapter, clause, title, inside[0])
        return
    node = chapter.add(Node(chapter, clause, title))
    for number, item in enumerate(inside, start=1):
        _put_item(node, str(number), item.requirement, item)


def _put_item(parent: Node, clause: str, title: str, item: Item) -> None:
    node = parent.add(Node(parent, clause, title))
    node.item = item
    node.count(int(item.rating is not None), 1)


def _chapter(clause: str) -> str:
    found = _CHAPTER.match(clause)
    return found.group().upper() if found else clause
