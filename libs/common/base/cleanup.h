#pragma once

/*
 * cleanup.h — scope-bound ownership: an owned local names its destructor, error paths need no code.
 */

#include <pthread.h>
#include <stdlib.h>

#define _cleanup_(fn)  __attribute__((__cleanup__(fn)))
#define _must_check_   __attribute__((__warn_unused_result__))
#define _printf_(f, a) __attribute__((__format__(__printf__, f, a)))
#define _unused_       __attribute__((__unused__))

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof *(a))

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot be parenthesised. */
/* Define fn##p(), the cleanup-attribute wrapper of destructor @fn. */
#define DEFINE_CLEANUP(type, fn)                   \
        _unused_ static inline void fn##p(type *p) \
        {                                          \
                if (*p)                            \
                        fn(*p);                    \
                *p = NULL;                         \
        }

/* NOLINTEND(bugprone-macro-parentheses) */
/* Hand @ptr to a new owner: evaluates to the old value and leaves NULL behind. */
#define TAKE_PTR(ptr)                           \
        ({                                      \
                __typeof__(ptr) taken_ = (ptr); \
                (ptr) = NULL;                   \
                taken_;                         \
        })

/* For memory from malloc(): _cleanup_(freep) char *text = NULL; */
static inline void freep(void *p)
{
        free(*(void **)p);
        *(void **)p = NULL;
}

/* Unlock at the end of the scope: MUTEX_GUARD(&queue->lock); */
static inline void mutex_unlockp(pthread_mutex_t **lock)
{
        if (*lock)
                (void)pthread_mutex_unlock(*lock);
}

static inline pthread_mutex_t *mutex_lock(pthread_mutex_t *lock)
{
        (void)pthread_mutex_lock(lock);
        return lock;
}

#define MUTEX_GUARD_NAME_(line) mutex_guard_##line
#define MUTEX_GUARD_AT_(lock, line)                                                  \
        _cleanup_(mutex_unlockp) _unused_ pthread_mutex_t *MUTEX_GUARD_NAME_(line) = \
                mutex_lock(lock)
#define MUTEX_GUARD_LINE_(lock, line) MUTEX_GUARD_AT_(lock, line)
#define MUTEX_GUARD(lock)             MUTEX_GUARD_LINE_(lock, __LINE__)
