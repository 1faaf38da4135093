"""Train a small network on scikit-learn's handwritten digits, on the CPU.

1797 images of 8 x 8 pixels, ten classes; they come with scikit-learn, so nothing is downloaded.
The same arguments on the same machine give the same model.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl

mpl.use("Agg")  # a box has no display

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

PIXEL_MAX = 16  # the images' pixels go from 0 to 16


class Split(NamedTuple):
    """Images as floats of shape (n, 1, 8, 8) from 0 to 1, and their classes of shape (n,)."""

    images: Tensor
    classes: Tensor


class Epoch(NamedTuple):
    """One row of the history."""

    epoch: int
    train_loss: float
    val_loss: float
    val_accuracy: float


def load_splits(seed: int) -> tuple[Split, Split, Split]:
    """Return 60 % of the digits to train on, 20 % to watch and 20 % to test on once."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / PIXEL_MAX
    classes = torch.tensor(digits.target)
    chosen = list(range(len(classes)))
    rest, test = train_test_split(chosen, test_size=0.2, random_state=seed, stratify=classes)
    train, val = train_test_split(rest, test_size=0.25, random_state=seed, stratify=classes[rest])
    first, second, third = (Split(images[rows], classes[rows]) for rows in (train, val, test))
    return first, second, third


def make_model(hidden: int) -> nn.Sequential:
    """Two convolutions and two linear layers: (n, 1, 8, 8) -> (n, 10) logits."""
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, hidden),
        nn.ReLU(),
        nn.Linear(hidden, 10),
    )


def train_epoch(model: nn.Module, batches: DataLoader, optimizer: torch.optim.Optimizer) -> float:
    """Take one step per batch and return the mean loss over the epoch."""
    model.train()
    total, count = 0.0, 0
    for images, classes in batches:
        loss = nn.functional.cross_entropy(model(images), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(classes)
        count += len(classes)
    return total / count


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> tuple[float, float]:
    """Return the mean loss and the accuracy (0 to 1) on a split."""
    model.eval()
    logits = model(split.images)
    loss = nn.functional.cross_entropy(logits, split.classes)
    accuracy = (logits.argmax(dim=1) == split.classes).float().mean()
    return loss.item(), accuracy.item()


def fit(model: nn.Module, train: Split, val: Split, args: argparse.Namespace) -> list[Epoch]:
    """Train for all epochs; print and return one row for each."""
    order = torch.Generator().manual_seed(args.seed)
    batches = DataLoader(
        TensorDataset(*train), batch_size=args.batch_size, shuffle=True, generator=order
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    history = []
    for epoch in range(1, args.epochs + 1):
        row = Epoch(epoch, train_epoch(model, batches, optimizer), *evaluate(model, val))
        history.append(row)
        print(
            f"epoch {epoch:3d}/{args.epochs}  train loss {row.train_loss:.4f}"
            f"  val loss {row.val_loss:.4f}  val accuracy {row.val_accuracy:.4f}",
            flush=True,
        )
    return history


def write_history(history: list[Epoch], path: Path) -> None:
    """Write one line of CSV per epoch."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(Epoch._fields)
        rows.writerows(history)


def plot_history(history: list[Epoch], path: Path) -> None:
    """Draw both losses and the accuracy over the epochs."""
    epochs = [row.epoch for row in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    left.plot(epochs, [row.train_loss for row in history], marker=".", label="train")
    left.plot(epochs, [row.val_loss for row in history], marker=".", label="validation")
    left.set(xlabel="epoch", ylabel="cross-entropy", yscale="log")
    left.legend()
    right.plot(epochs, [row.val_accuracy for row in history], marker=".")
    right.set(xlabel="epoch", ylabel="validation accuracy", ylim=(None, 1))
    figure.savefig(path, dpi=120)
    plt.close(figure)


def parse_args() -> argparse.Namespace:
    """Read the hyperparameters."""
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--lr", type=float, default=2e-3, help="learning rate of Adam")
    parser.add_argument("--hidden", type=int, default=64, help="width of the hidden linear layer")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0, help="of the split, the weights, the order")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the results")
    return parser.parse_args()


def main() -> None:
    """Train, test once, and write metrics, model, history and plot."""
    args = parse_args()
    if args.epochs < 1:
        raise SystemExit("--epochs must be at least 1")
    started = time.monotonic()
    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(mode=True)
    train, val, test = load_splits(args.seed)
    model = make_model(args.hidden)
    history = fit(model, train, val, args)
    test_loss, test_accuracy = evaluate(model, test)
    metrics = {
        "test_accuracy": test_accuracy,
        "test_loss": test_loss,
        "val_accuracy": history[-1].val_accuracy,
        "train_loss": history[-1].train_loss,
        "epochs": args.epochs,
        "seconds": round(time.monotonic() - started, 2),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), args.out / "model.pt")
    write_history(history, args.out / "history.csv")
    plot_history(history, args.out / "curve.png")
    (args.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(f"test accuracy {test_accuracy:.4f}  ({metrics['seconds']} s)", flush=True)


if __name__ == "__main__":
    main()
