"""What a dialect is: its name, a reader to a specification, a writer from one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cloche_engine.definition.problem import Problem
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.tree import Tree


class Dialect(StrEnum):
    """Every form in which a definition can arrive; `--from` and `--to` take these names."""

    LINUXCONTAINER = "linuxcontainer"
    LINUXCONTAINER_V1 = "linuxcontainer-v1"
    LIBVIRT_LXC = "libvirt-lxc"
    OPENVZ = "openvz"
    OPENVZ_CONF = "openvz-conf"
    VSERVER = "vserver"
    LXC_CONF = "lxc-conf"


TEXTS = frozenset({Dialect.OPENVZ_CONF, Dialect.LXC_CONF})
"""Those of lines; all others are XML."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document means and what is wrong with it.

    spec is None where nothing could be read; beside errors it holds what could be. tree is there
    for XML that is well-formed.
    """

    dialect: Dialect | None
    spec: ContainerSpec | None
    problems: tuple[Problem, ...] = ()
    tree: Tree | None = field(default=None, compare=False, repr=False)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep it from being used."""
        return tuple(problem for problem in self.problems if problem.is_error)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a dialect has no place for what lies below a canonical path such as `interfaces.mode`."""

    path: str
    why: str
