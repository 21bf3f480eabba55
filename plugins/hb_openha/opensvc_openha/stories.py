"""Stories of two simulated nodes, made from seeds: `python -m opensvc_openha.stories NUMBER` tells what so many came to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from opensvc_openha.simulation import Settings, World

GUARDED: Final = Settings()


def story(seed: int, settings: Settings = GUARDED, seconds: float = 120.0) -> World:
    """Troubles from a seed: cuts, losses, stand-stills, deaths, and what people ask for."""
    world = World(seed, settings)
    chance = world.chance
    world.loss = chance.choice([0.0, 0.0, 0.1, 0.4])

    def cut(sender: int, link: int, back: float) -> None:
        world.cut.add((sender, link))
        world.at(back, world.cut.discard, (sender, link))

    def part(back: float) -> None:
        for sender in range(2):
            for link in range(settings.links):
                cut(sender, link, back)

    for _ in range(chance.randint(2, 8)):
        when, node = chance.uniform(0, seconds * 0.8), chance.randrange(2)
        happenings: list[tuple[Callable[..., None], tuple[object, ...]]] = [
            (part, (chance.uniform(1, 40),)),
            (part, (chance.uniform(1, 6),)),
            (cut, (node, chance.randrange(settings.links), chance.uniform(1, 60))),
            (world.power_off, (node, chance.uniform(5, 40))),
            (world.pause, (node, chance.uniform(0.5, 20))),
            (world.kill_manager, (node, chance.uniform(0.5, 20))),
            (world.command, (node, chance.choice(["stop", "freeze-stop", "unfreeze", "unfreeze"]))),
        ]
        what, arguments = chance.choice(happenings)
        world.at(when, what, *arguments)
    world.run(seconds)
    return world


def main() -> None:
    """Tell what so many stories came to."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for settings in (Settings(), Settings(is_guarded=False)):
        doubles = [seed for seed in range(number) if story(seed, settings).doubles]
        guard = "with" if settings.is_guarded else "without"
        print(f"{number} stories {guard} the guard: running on both nodes in {len(doubles)} {doubles[:8]}")


if __name__ == "__main__":
    main()
