"""JSON in as few characters as it takes. One encoder for all calls: to make one costs more than a short text."""

import json
from typing import Final

compact: Final = json.JSONEncoder(separators=(",", ":")).encode
strictly_compact: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
