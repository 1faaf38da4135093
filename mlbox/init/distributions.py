"""Import names and the distributions they come from, where it is well known.

Only these are written into a spec: a wrong guess would install a stranger's package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping

# import name -> distributions that bring it; the first is the one to ask for
DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "Crypto": ("pycryptodome", "pycrypto"),
    "PIL": ("pillow", "pillow-simd"),
    "attr": ("attrs",),
    "bs4": ("beautifulsoup4",),
    "cv2": (
        "opencv-python-headless",
        "opencv-python",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ),
    "dateutil": ("python-dateutil",),
    "dotenv": ("python-dotenv",),
    "faiss": ("faiss-cpu", "faiss-gpu"),
    "fitz": ("pymupdf",),
    "git": ("gitpython",),
    "hydra": ("hydra-core",),
    "pytorch_lightning": ("pytorch-lightning",),
    "sentence_transformers": ("sentence-transformers",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "tensorboard": ("tensorboard",),
    "umap": ("umap-learn",),
    "yaml": ("pyyaml",),
}
# fmt: off
SAME_NAME = frozenset({
    "accelerate", "albumentations", "altair", "catboost", "click", "dask", "datasets",
    "diffusers", "einops", "evaluate", "flax", "gymnasium", "h5py", "httpx", "jax", "joblib",
    "jsonschema", "keras", "lightgbm", "lightning", "loguru", "matplotlib", "mlflow", "nltk",
    "numba", "numpy", "omegaconf", "onnx", "onnxruntime", "openpyxl", "optax", "optuna",
    "orjson", "pandas", "peft", "plotly", "polars", "pyarrow", "pydantic", "requests", "rich",
    "safetensors", "scipy", "seaborn", "shap", "spacy", "statsmodels", "sympy", "tensorboardX",
    "tensorflow", "timm", "tokenizers", "torch", "torchaudio", "torchmetrics", "torchvision",
    "tqdm", "transformers", "typer", "wandb", "xarray", "xgboost", "zarr",
})
# fmt: on
SYSTEM_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "opencv-contrib-python": ("libgl1", "libglib2.0-0"),
    "opencv-python": ("libgl1", "libglib2.0-0"),
}


def distributions_of(module: str) -> tuple[str, ...]:
    """The distributions that are known to bring a module; empty if none is."""
    if module in SAME_NAME:
        return (canonicalize_name(module),)
    return DISTRIBUTIONS.get(module, ())


def is_brought(module: str, declared: frozenset[str]) -> bool:
    """Whether one of the declared distributions (normalised names) brings a module."""
    return bool(declared & {canonicalize_name(module), *distributions_of(module)})
