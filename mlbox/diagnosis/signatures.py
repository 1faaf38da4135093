"""Every signature there is, in the order of its code."""

from __future__ import annotations

from mlbox.diagnosis.known.cuda import CUDA
from mlbox.diagnosis.known.data import DATA
from mlbox.diagnosis.known.endings import ENDINGS
from mlbox.diagnosis.known.files import FILES
from mlbox.diagnosis.known.gpu import GPU
from mlbox.diagnosis.known.images import IMAGES
from mlbox.diagnosis.known.libraries import LIBRARIES
from mlbox.diagnosis.known.memory import MEMORY
from mlbox.diagnosis.known.packages import PACKAGES
from mlbox.diagnosis.known.processes import PROCESSES

SIGNATURES = (
    GPU + CUDA + MEMORY + ENDINGS + PROCESSES + LIBRARIES + PACKAGES + FILES + DATA + IMAGES
)
