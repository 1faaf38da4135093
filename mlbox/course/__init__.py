"""Lessons: notebooks with an exercise, and checks that say what they expected and what they found.

A lesson is a folder ``course/NN_name/`` with ``lesson.ipynb``, the student's files in
``exercise/`` and the files of the solution, by the same names, in ``solution/``.
"""

from mlbox.course.checks import check as check
from mlbox.course.execute import execute as execute
from mlbox.course.outcome import Outcome as Outcome
