#ifndef MOE_CZSTD_SHIM_H
#define MOE_CZSTD_SHIM_H

// The Huffman-only mode needs ZSTD_c_literalCompressionMode, which zstd keeps among its experimental parameters.
// Setting it through the advanced API works with the shared library; only the names are hidden by default.
#define ZSTD_STATIC_LINKING_ONLY
#include <stdbool.h>
#include <zstd.h>

/// Sets a fresh context to code literals with Huffman and look for no matches worth the name.
///
/// Exponent planes of trained weights have skewed bytes and no repetitions: matches found by chance cost more
/// than the literals they replace. Returns 0, or the zstd error code of the first parameter refused.
static inline size_t moe_zstd_set_huffman_only(ZSTD_CCtx *context) {
    const struct { ZSTD_cParameter name; int value; } parameters[] = {
        {ZSTD_c_compressionLevel, 1},
        {ZSTD_c_strategy, ZSTD_fast},
        {ZSTD_c_minMatch, 7},
        {ZSTD_c_targetLength, 131072},
        {ZSTD_c_hashLog, 6},
        {ZSTD_c_literalCompressionMode, ZSTD_ps_enable},
        {ZSTD_c_contentSizeFlag, 1},
        {ZSTD_c_checksumFlag, 0},
    };
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        size_t code = ZSTD_CCtx_setParameter(context, parameters[i].name, parameters[i].value);
        if (ZSTD_isError(code)) return code;
    }
    return 0;
}

/// Sets a context to an ordinary compression level, for planes in which repetitions pay.
static inline size_t moe_zstd_set_level(ZSTD_CCtx *context, int level) {
    size_t code = ZSTD_CCtx_reset(context, ZSTD_reset_parameters);
    if (ZSTD_isError(code)) return code;
    code = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    if (ZSTD_isError(code)) return code;
    code = ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
    if (ZSTD_isError(code)) return code;
    return ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);
}

/// What the header of a frame declares.
typedef struct moe_zstd_frame {
    bool is_frame;
    bool is_skippable;
    bool has_content_size;
    bool has_checksum;
    unsigned long long content_size;
    unsigned long long window_size;
    unsigned dictionary;
} moe_zstd_frame;

/// Reads a frame's header; `is_frame` is false when the bytes do not begin with a whole one.
///
/// A shim because the header's type changed its name between versions 1.5.4 and 1.5.7 of the library.
static inline moe_zstd_frame moe_zstd_examine(const void *bytes, size_t size) {
    moe_zstd_frame frame = {0};
    ZSTD_frameHeader header;
    if (ZSTD_getFrameHeader(&header, bytes, size) != 0) return frame;
    frame.is_frame = true;
    frame.is_skippable = header.frameType == ZSTD_skippableFrame;
    frame.has_content_size = header.frameContentSize != ZSTD_CONTENTSIZE_UNKNOWN;
    frame.has_checksum = header.checksumFlag != 0;
    frame.content_size = header.frameContentSize;
    frame.window_size = header.windowSize;
    frame.dictionary = header.dictID;
    return frame;
}

#endif
