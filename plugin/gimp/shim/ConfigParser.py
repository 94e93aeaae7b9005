"""``configparser`` by the name, and with the names, that it had in Python 2."""

import configparser
import sys

configparser.SafeConfigParser = configparser.ConfigParser
configparser.RawConfigParser.readfp = configparser.RawConfigParser.read_file
sys.modules[__name__] = configparser
