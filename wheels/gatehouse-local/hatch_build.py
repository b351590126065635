"""Build hook: the files of the stack, and the platform of its programs."""

import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Stack(BuildHookInterface):
    def initialize(self, version, build_data):
        # One by one: a folder would be filtered by what Git ignores, and this one is staged where it ignores everything.
        for file in sorted(Path(self.root, "share").rglob("*")):
            if file.is_file():
                build_data["shared_data"][str(file)] = file.relative_to(self.root).as_posix()
        # No default: a wheel that says `any` would install programs where they cannot run.
        platform = os.environ["WHEEL_PLATFORM"]
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
