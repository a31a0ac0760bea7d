"""JAX: programs it compiled, kept for the next time."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"

from maker import main


def use(home):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_compilation_cache_dir", str(home / ".cache/jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    hits = []
    jax.monitoring.register_event_listener(lambda event, **_: hits.append(event.rsplit("/", 1)[-1]))
    value = jax.jit(lambda x: (x @ x.T).sum())(jnp.ones((8, 8)))
    assert float(value) == 512.0
    return {"hits": hits.count("cache_hits"), "misses": hits.count("cache_misses")}


def make(root, home, site):
    return use(home)


def verify(root, home, site):
    return use(home)


main(make, verify)
