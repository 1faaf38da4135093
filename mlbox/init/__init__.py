"""Write a spec by looking at a folder: ``read_folder``, ``infer``, ``spec_text``, ``write_spec``.

Only the first and the last touch the machine. Nothing of the user's is changed: an existing spec
stays unless it is asked to go, and files like requirements.txt are read, never edited.
"""

from mlbox.init.folder import Folder as Folder
from mlbox.init.folder import read_folder as read_folder
from mlbox.init.inference import Draft as Draft
from mlbox.init.inference import Inference as Inference
from mlbox.init.inference import infer as infer
from mlbox.init.text import spec_text as spec_text
from mlbox.init.text import write_spec as write_spec
