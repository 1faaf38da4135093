"""Signatures of libraries: missing ones, and ones that do not go together."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

LIBRARIES: tuple[Signature, ...] = (
    Signature(
        code="MLR401",
        slug="cuda-library-missing",
        family="library",
        cause="The CUDA library {name} is not in the image, or not where programs look for it.",
        why="Something was built with another CUDA than the image has, or on a -devel image and "
        "shipped on a smaller one. Its number is the CUDA (libcudart, libcublas) or cuDNN release.",
        fix="Install what was built for the same CUDA: framework and extensions for one of them. "
        "A wheel's libraries are in site-packages/nvidia/*/lib; otherwise use the -runtime "
        "variant of the base that it was compiled on.",
        pattern=r"(?P<glob>lib\w{1,40}\.so)\.\*\[0-9\] not found in the system path|"
        r"(?P<name>lib(?:cudart|cublas(?:Lt)?|cudnn|cupti|cusparse(?:Lt)?|"
        r"cusolver(?:Mg)?|cufft|curand|nccl|nvrtc|nvinfer|nvToolsExt|nvJitLink|"
        r"nvjpeg|npp|cufile|nvtx)[\w-]{0,80}\.so[\d.]{0,80})(?:\S{0,3}: cannot open shared "
        r"object file|\S{0,3} (?:is )?not found|\S{0,3}: No such file)"
        r"|(?:could not|cannot|unable to|failed to) (?:load|find|open)"
        r"[^\n]{0,40}?(?P<library>libcud(?:art|nn\w{0,80})\.so[\d.]{0,80}|lib(?:cublas|nvrtc|nccl|"
        r"cupti)[\w-]{0,80}\.so[\d.]{0,80})|Unable to load any of \{libcudnn",
        rules=("MLD116",),
    ),
    Signature(
        code="MLR402",
        slug="nvjitlink-symbol",
        family="library",
        cause="Another libnvJitLink was loaded than the one the wheel brings.",
        why="A CUDA of the base image on LD_LIBRARY_PATH is found before the wheel's libraries, "
        "and lacks the symbol {name}.",
        fix="Take /usr/local/cuda*/lib64 out of LD_LIBRARY_PATH (ENV in the Dockerfile, the "
        'shell\'s profile), or use a slim base: base = "auto" in [tool.mlbox].',
        pattern=r"undefined symbol: (?P<name>_{0,2}nvJitLink\w{1,80})"
        r"|symbol (?P<symbol>_{0,2}nvJitLink\w{1,80})[^\n]{0,80}not (?:defined|found)",
        rules=("MLD111",),
    ),
    Signature(
        code="MLR403",
        slug="nccl-symbol",
        family="library",
        cause="Another NCCL was loaded than the one the framework was built with.",
        why="A libnccl of the base image, of conda, or of a second nvidia-nccl package is older "
        "than what torch expects: it lacks {name}.",
        fix="Leave NCCL to the framework's wheel: remove libnccl2 and nvidia-nccl-cu* pins, and "
        "LD_LIBRARY_PATH or LD_PRELOAD entries that lead to another.",
        pattern=r"undefined symbol: (?P<name>nccl\w{1,80})",
        rules=("MLD111",),
    ),
    Signature(
        code="MLR404",
        slug="extension-abi",
        family="library",
        cause="A compiled extension was built for another version of torch.",
        why="It needs the symbol {name}, which this torch does not have: extensions belong to one "
        "torch release, CUDA and C++ ABI.",
        fix="Install or build the extension for this torch: pip install --no-build-isolation "
        "--no-binary, after torch, or its wheel for exactly this torch and CUDA; pin torch.",
        pattern=r"undefined symbol: (?P<name>_ZN?K?\w{0,80}(?:c10|2at|3at|5torch|torch)\w{0,80}|"
        r"aoti_torch\w{1,80}|_ZTI\w{0,80}(?:c10|torch)\w{0,80}|_ZN6caffe2\w{0,80}|THP\w{1,80})",
        rules=("MLD114", "MLD101"),
    ),
    Signature(
        code="MLR405",
        slug="torch-family-mismatch",
        family="library",
        cause="torch and torchvision (or torchaudio) are not of the same release.",
        why="Their compiled parts belong together, one torchvision for each torch; a later install "
        "replaced one of them.",
        fix="Install them in one command from one index, in versions that go together (mlbox "
        "resolve says which), or put only torch in [tool.mlbox] and the others in packages.",
        pattern=r"operator torchvision::\w{1,80} does not exist|Couldn't load custom C\+\+ ops"
        r"|PyTorch and torch(?:vision|audio) were compiled with different CUDA"
        r"|Could not run 'torchvision::\w{1,80}' with arguments",
        rules=("MLD113",),
    ),
    Signature(
        code="MLR406",
        slug="display-library-missing",
        family="system-library",
        cause="The system library {name} is missing, which OpenCV and plotting packages need.",
        why="Slim images have no libraries for displays, and a wheel does not bring them.",
        fix='Use opencv-python-headless in place of opencv-python, or system-packages = ["libgl1", '
        '"libglib2.0-0"] in [tool.mlbox] (Dockerfile: apt-get install -y libgl1 libglib2.0-0).',
        pattern=r"Could not load the Qt platform plugin|"
        r"(?P<name>lib(?:GL|GLX|gthread-2\.0|glib-2\.0|SM|ICE|Xext|Xrender|X11|"
        r"xcb[\w-]{0,80}|EGL|OpenGL|GLdispatch|Xi|Xfixes)\.so[\d.]{0,80})(?:\S{0,3}: cannot open "
        r"shared object file|\S{0,3} (?:is )?not found|\S{0,3}: No such file)",
        rules=("MLD207",),
    ),
    Signature(
        code="MLR407",
        slug="glibc-too-old",
        family="system-library",
        cause="The image's C library is too old: it has no {name}.",
        why="A binary or wheel was built on a newer distribution than the image has.",
        fix="Use a newer base (Debian 12, Ubuntu 22.04 or later), or build that binary on the "
        "image's own distribution.",
        pattern=r"version '?(?P<name>GLIBC_[\d.]{1,80})'? not found",
        rules=("MLD203",),
    ),
    Signature(
        code="MLR408",
        slug="libstdcxx-too-old",
        family="system-library",
        cause="The C++ library that was loaded is too old: it has no {name}.",
        why="conda's or the system's libstdc++.so.6 was found first and is older than the one that "
        "a package was built with.",
        fix="In conda: conda install -c conda-forge libstdcxx-ng, or take its lib out of "
        "LD_LIBRARY_PATH; otherwise a newer base image.",
        pattern=r"version '?(?P<name>(?:GLIBCXX|CXXABI|GCC|GOMP)_[\d.]{1,80})'? not found",
        rules=("MLD203",),
    ),
    Signature(
        code="MLR409",
        slug="numpy-abi",
        family="library",
        cause="A compiled package and this NumPy do not go together.",
        why="It was built against another major version of NumPy (1 and 2 differ), or uses names "
        "that NumPy has removed.",
        fix='Update that package, or hold NumPy back: packages = ["numpy<2"] in [tool.mlbox] '
        "(pip install 'numpy<2').",
        pattern=r"compiled using NumPy 1\.x cannot be run"
        r"|numpy\.(?:dtype|ndarray|ufunc) size changed"
        r"|numpy\.?_?core\.(?:multiarray|umath) failed to import|_ARRAY_API not found"
        r"|Numpy is not available|was removed in the NumPy 2\.0"
        r"|module 'numpy' has no attribute '\w{1,80}'|No module named 'numpy\._core",
    ),
    Signature(
        code="MLR410",
        slug="system-library-missing",
        family="system-library",
        cause="The system library {name} is missing in the image.",
        why="A package needs it and does not bring it; slim images have few.",
        fix='Install the package that has it: system-packages = ["..."] in [tool.mlbox] '
        "(Dockerfile: apt-get install -y ...); apt-file search {name} names it "
        "(libgomp.so.1: libgomp1, libsndfile.so.1: libsndfile1, libaio.so.1: libaio1).",
        pattern=r"(?P<name>lib[\w{1,80}.-]{1,80}\.so[\d.]{0,80}): cannot open shared object file"
        r"|(?P<library>sndfile) library not found"
        r"|Error loading shared library (?P<shared>\S{1,200}):",
        unless=r"lib(?:cuda|cudart|cublas|cudnn|cupti|cusparse|cusolver|cufft|curand|nccl|"
        r"nvrtc|nvinfer|nvToolsExt|nvJitLink|nvidia-ml|GL|GLX|gthread|glib-2|SM|ICE|"
        r"Xext|Xrender|X11|xcb|EGL|OpenGL|nvjpeg|npp|cufile|nvtx)[\w.-]{0,80}\.so|libjpeg\.so"
        r"|libpng\d{0,20}\.so",
        rules=("MLD207",),
    ),
    Signature(
        code="MLR411",
        slug="undefined-symbol",
        family="library",
        cause="Two libraries do not go together: the symbol {name} is missing.",
        why="A compiled package was built with another version of a library than was loaded.",
        fix="Install that package anew, for the versions that are here; look for a second copy of "
        "the library on LD_LIBRARY_PATH.",
        pattern=r"undefined symbol: (?P<name>\w{1,80})",
        unless=r"undefined symbol: (?:__nvJitLink|nccl|_Z\w{0,80}(?:c10|2at|3at|torch|caffe2)|"
        r"aoti_torch|THP)",
    ),
    Signature(
        code="MLR412",
        slug="missing-module",
        family="module",
        cause="The Python module {name} is not installed.",
        why="It is in no requirement of the image, or was installed for another Python; or it is "
        "a file of yours that was not copied.",
        fix='Add its package: packages = ["..."] in [tool.mlbox], or requirements.txt (cv2: '
        "opencv-python-headless, sklearn: scikit-learn, PIL: pillow, yaml: pyyaml). A folder of "
        "yours: check include in [tool.mlbox] and the working directory.",
        pattern=r"No module named '?(?P<name>[A-Za-z_][\w.]{0,80})'?"
        r"|requires the (?P<library>[\w .-]{1,40}) library but it was not found in your env",
        unless=r"No module named '?(?:numpy\._core|dvc_(?:s3|gs|azure|ssh|http|oss|gdrive|hdfs|"
        r"webdav))|warning|optional",
    ),
    Signature(
        code="MLR413",
        slug="import-mismatch",
        family="module",
        cause="{package} has no {name}: it is another version than the program expects.",
        why="Names come and go between releases; or a file of yours has the package's name.",
        fix="Install the release that the program was written for (its requirements name it) and "
        "pin it; look for a local file with that name.",
        pattern=r"cannot import name '?(?P<name>\w{1,80})'? from (?:partially initialized module )"
        r"?'?(?P<package>[\w.]{1,80})",
        confidence="medium",
    ),
    Signature(
        code="MLR414",
        slug="protobuf-version",
        family="library",
        cause="Protocol buffers of another release than the code was generated for.",
        why="protobuf refuses code that an older (or newer) protoc generated.",
        fix='Hold it where the package wants it: packages = ["protobuf<4"] in [tool.mlbox] (or '
        "update the package that uses it).",
        pattern=r"Descriptors cannot(?: not)? be created directly"
        r"|Detected incompatible Protobuf Gencode"
        r"|cannot import name 'runtime_version' from 'google\.protobuf'",
    ),
)
