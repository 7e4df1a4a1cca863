"""The data sets that headstart knows, with what their publishers and those who fetched them say of them."""

from __future__ import annotations

from headstart.images.datasets.facts import DataSet, PublishedFile
from headstart.images.datasets.layouts import class_folders, pets, textures
from headstart.images.datasets.pixels import blood, cifar, flowers

_TFDS = "TensorFlow Datasets"
_OXFORD = "https://www.robots.ox.ac.uk/~vgg/data"
_OXFORD_HOSTS = ("thor.robots.ox.ac.uk",)

_SETS = (
    DataSet(
        name="cats-vs-dogs",
        title="Cats vs dogs, Microsoft's Asirra photos",
        files=(
            PublishedFile(
                "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
                "kagglecatsanddogs_5340.zip",
                "kagglecatsanddogs_5340.zip",
                size=824_887_076,
                sha256="b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
                vouched="GoMLX (Microsoft publishes none)",
            ),
        ),
        layout=class_folders("kagglecatsanddogs_5340.zip", {"PetImages": "all"}),
        parts=("all",),
        test=None,
        photos=25_000,
        classes=2,
        licence="CDLA-Permissive-2.0, whose text lies in the archive",
        citation="Elson, Douceur, Howell, Saul: Asirra, a CAPTCHA that exploits interest-aligned manual "
        "image categorization. CCS 2007",
        page="https://www.microsoft.com/en-us/download/details.aspx?id=54765",
        remark="no official split; some files are empty or broken, which is reported and left as it is",
    ),
    DataSet(
        name="oxford-pets",
        title="The Oxford-IIIT Pet Dataset",
        files=(
            PublishedFile(
                f"{_OXFORD}/pets/data/images.tar.gz",
                "images.tar.gz",
                size=791_918_971,
                sha256="67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
                md5="5c4f3ee8e5d25df40f4fd59a7f44e54c",
                vouched=f"{_TFDS} (SHA-256), torchvision (MD5)",
            ),
            PublishedFile(
                f"{_OXFORD}/pets/data/annotations.tar.gz",
                "annotations.tar.gz",
                size=19_173_078,
                sha256="52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
                md5="95a8c909bbe2e81eed6a22bccdf3f68f",
                vouched=f"{_TFDS} (SHA-256), torchvision (MD5)",
            ),
        ),
        layout=pets,
        parts=("trainval", "test"),
        test="test",
        photos=7_349,
        classes=37,
        licence="CC BY-SA 4.0; the photos belong to those who took them",
        citation="Parkhi, Vedaldi, Zisserman, Jawahar: Cats and dogs. CVPR 2012",
        page=f"{_OXFORD}/pets/",
        remark="37 breeds, 12 of cats and 25 of dogs; some files called .jpg are of another type",
        hosts=_OXFORD_HOSTS,
    ),
    DataSet(
        name="ants-bees",
        title="Ants and bees, of PyTorch's transfer learning tutorial",
        files=(
            PublishedFile(
                "https://download.pytorch.org/tutorial/hymenoptera_data.zip",
                "hymenoptera_data.zip",
                size=47_286_322,
                sha256="fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209",
                vouched="rktorch (PyTorch publishes none)",
            ),
        ),
        layout=class_folders(
            "hymenoptera_data.zip", {"hymenoptera_data/train": "train", "hymenoptera_data/val": "val"}
        ),
        parts=("train", "val"),
        test="val",
        photos=398,
        classes=2,
        licence="none stated; a subset of ImageNet's photos, for research and education",
        citation="Chilamkurthy: Transfer learning for computer vision tutorial. PyTorch tutorials, 2017",
        page="https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html",
        remark="few photos, so the interval of any accuracy is wide; val is measured on",
    ),
    DataSet(
        name="flowers",
        title="102 Category Flower Dataset",
        files=(
            PublishedFile(
                f"{_OXFORD}/flowers/102/102flowers.tgz",
                "102flowers.tgz",
                size=344_862_509,
                sha256="2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
                md5="52808999861908f626f3c1f4e79d11fa",
                vouched=f"{_TFDS} (SHA-256), torchvision (MD5)",
            ),
            PublishedFile(
                f"{_OXFORD}/flowers/102/imagelabels.mat",
                "imagelabels.mat",
                size=502,
                sha256="4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d",
                md5="e0620be6f572b9609742df49c70aed4d",
                vouched=f"{_TFDS} (SHA-256), torchvision (MD5)",
                packed=False,
            ),
            PublishedFile(
                f"{_OXFORD}/flowers/102/setid.mat",
                "setid.mat",
                size=14_989,
                sha256="46b8678f91fd95d3c8f4feab80d271a6c834a1dd896fe29fd3e6ad9ce5c8dccd",
                md5="a5357ecc9cb78c4bef273ce3793fc85c",
                vouched=f"{_TFDS} (SHA-256), torchvision (MD5)",
                packed=False,
            ),
        ),
        layout=flowers,
        parts=("train", "val", "test"),
        test="test",
        photos=8_189,
        classes=102,
        licence="none stated; for research",
        citation="Nilsback, Zisserman: Automated flower classification over a large number of classes. "
        "ICVGIP 2008",
        page=f"{_OXFORD}/flowers/102/",
        remark="ten photos of each class to train on, ten to validate, 6,149 to test",
        hosts=_OXFORD_HOSTS,
    ),
    DataSet(
        name="eurosat",
        title="EuroSAT, land use seen by Sentinel-2 (RGB)",
        files=(
            PublishedFile(
                "https://huggingface.co/datasets/torchgeo/eurosat/resolve/"
                "c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
                "EuroSAT.zip",
                md5="c8fa014336c82ac7804f0398fcb19387",
                about=94_280_567,
                vouched="torchvision",
            ),
        ),
        layout=class_folders("EuroSAT.zip", {"2750": "all"}),
        parts=("all",),
        test=None,
        photos=27_000,
        classes=10,
        licence="MIT; contains modified Copernicus Sentinel data",
        citation="Helber, Bischke, Dengel, Borth: EuroSAT, a novel dataset and deep learning benchmark for "
        "land use and land cover classification. IEEE J-STARS 2019",
        page="https://github.com/phelber/EuroSAT",
        remark="no official split; 64 x 64 pixels; TorchGeo's copy, as the makers' own server is http only",
    ),
    DataSet(
        name="blood-cells",
        title="BloodMNIST, of MedMNIST v2",
        files=(
            PublishedFile(
                "https://zenodo.org/record/6496656/files/bloodmnist.npz?download=1",
                "bloodmnist.npz",
                md5="7053d0359d879ad8a5505303e11de1dc",
                about=35_500_000,
                vouched="MedMNIST",
                packed=False,
            ),
        ),
        layout=blood,
        parts=("train", "val", "test"),
        test="test",
        photos=17_092,
        classes=8,
        licence="CC BY 4.0",
        citation="Yang and others: MedMNIST v2, a large-scale lightweight benchmark for 2D and 3D biomedical "
        "image classification. Scientific Data 2023; Acevedo and others, Data in Brief 2020",
        page="https://medmnist.com",
        remark="28 x 28 pixels; for learning, never for diagnosis",
    ),
    DataSet(
        name="textures",
        title="Describable Textures Dataset, release 1.0.1",
        files=(
            PublishedFile(
                f"{_OXFORD}/dtd/download/dtd-r1.0.1.tar.gz",
                "dtd-r1.0.1.tar.gz",
                size=625_239_812,
                sha256="e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205",
                md5="fff73e5086ae6bdbea199a49dfb8a4c1",
                vouched=f"{_TFDS} (SHA-256), torchvision (MD5)",
            ),
        ),
        layout=textures,
        parts=("train", "val", "test"),
        test="test",
        photos=5_640,
        classes=47,
        licence="for research",
        citation="Cimpoi, Maji, Kokkinos, Mohamed, Vedaldi: Describing textures in the wild. CVPR 2014",
        page=f"{_OXFORD}/dtd/",
        remark="the first of its ten official splits",
        hosts=_OXFORD_HOSTS,
    ),
    DataSet(
        name="cifar10",
        title="CIFAR-10, binary version",
        files=(
            PublishedFile(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "cifar-10-binary.tar.gz",
                size=170_052_171,
                sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                md5="c32a1d4ab5d03f1284b67883e8d87530",
                vouched=f"{_TFDS} (SHA-256), its makers (MD5)",
            ),
        ),
        layout=cifar,
        parts=("train", "test"),
        test="test",
        photos=60_000,
        classes=10,
        licence="none stated; cite the report",
        citation="Krizhevsky: Learning multiple layers of features from tiny images. 2009",
        page="https://www.cs.toronto.edu/~kriz/cifar.html",
        remark="32 x 32 pixels; the Python version is pickled and therefore never touched",
    ),
)

KNOWN: dict[str, DataSet] = {each.name: each for each in _SETS}
"""By name."""
