"""(a photo, a network) => a photo that looks the same and that the network takes for something else.

settings       what is asked of an attack, and how an epsilon is written
methods        the methods by name; adapters of other libraries register theirs
goal           towards a class, or away from one: what is to grow, and whether it is reached
walk           our own methods with a budget: fgsm, pgd, momentum
descent        the lesson's: along the gradient until the answer changes
batch          many photos, each by itself
smallest       the smallest epsilon that is enough
"""

from headstart.pixels.attacks.batch import attack_pixels
from headstart.pixels.attacks.methods import METHODS, Method, register
from headstart.pixels.attacks.settings import AttackSettings, parse_epsilon

__all__ = ["METHODS", "AttackSettings", "Method", "attack_pixels", "parse_epsilon", "register"]
