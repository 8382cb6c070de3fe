def clear_cache(env):
    """Drop what is cached about working hours and policies, now and in the other workers.

    Until the commit another thread of this process still reads, and caches, the old state.
    """
    env.registry.clear_cache()
    env.cr.postcommit.add(env.registry.clear_cache)
