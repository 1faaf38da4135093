"""Fit a line through noisy points: a training script without any package."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

SLOPE, INTERCEPT, NOISE = 2.0, 1.0, 0.1


def make_points(seed: int, count: int = 200) -> list[tuple[float, float]]:
    """Points (x, y) around y = 2 x + 1, x from 0 to 1."""
    source = random.Random(seed)  # noqa: S311  (data, not a secret)
    xs = [source.random() for _ in range(count)]
    return [(x, SLOPE * x + INTERCEPT + source.gauss(0, NOISE)) for x in xs]


def main() -> None:
    """Minimise the squared error by gradient descent and write the model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()
    points = make_points(args.seed)
    slope = intercept = loss = 0.0
    for step in range(1, args.steps + 1):
        errors = [(slope * x + intercept - y, x) for x, y in points]
        loss = sum(error**2 for error, _ in errors) / len(points)
        slope -= 0.5 * sum(error * x for error, x in errors) / len(points)
        intercept -= 0.5 * sum(error for error, _ in errors) / len(points)
        if step % 100 == 0:
            print(f"step {step}  loss {loss:.4f}", flush=True)
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "model.json").write_text(json.dumps({"slope": slope, "intercept": intercept}))
    (out / "metrics.json").write_text(json.dumps({"loss": loss, "seed": args.seed}))
    print(f"y = {slope:.2f} x + {intercept:.2f}", flush=True)


if __name__ == "__main__":
    main()
