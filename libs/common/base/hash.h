#pragma once

/*
 * hash.h — hash functions: a fast one for partitions and tables, SHA-256 for digests.
 */

#include <stddef.h>
#include <stdint.h>

#define HASH_SHA256_SIZE 32

/* FNV-1a, 64 bits, finished so that the low bits are good too. Its values are stored (partition of
 * an aggregate): never change it. */
uint64_t hash_bytes(const void *data, size_t size);

void hash_sha256(const void *data, size_t size, uint8_t ret_digest[HASH_SHA256_SIZE]);
