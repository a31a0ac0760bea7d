"""uv with `UV_LINK_MODE=symlink`: the environments are broken as soon as the cache is cleaned."""

from functools import partial

import uv_cache
from maker import main

main(partial(uv_cache.make, mode="symlink"), partial(uv_cache.verify, mode="symlink"))
