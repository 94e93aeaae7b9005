"""``configparser`` by the name it had in Python 2."""

import configparser
import sys

configparser.SafeConfigParser = configparser.ConfigParser
sys.modules[__name__] = configparser
