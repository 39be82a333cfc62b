#ifndef MOE_CHDF5_OBJECTS_H
#define MOE_CHDF5_OBJECTS_H

// Structures and callbacks whose layout differs between library versions, told in fields that do not.

/// What a link says about itself. `value_size` counts the bytes of a soft or external link's value.
struct moe_h5_link {
    int kind;                ///< An H5L_type_t.
    int character_set;       ///< An H5T_cset_t.
    int64_t creation_order;
    int has_creation_order;
    uint64_t address;        ///< Of a hard link's object.
    size_t value_size;
};

struct moe_h5_object {
    int kind;                ///< An H5O_type_t.
    uint64_t address;
    hsize_t attribute_count;
};

struct moe_h5_attribute {
    int character_set;
    unsigned creation_order;
    int has_creation_order;
    hsize_t byte_count;
};

static inline struct moe_h5_link moe_h5_link_of(const H5L_info_t *info) {
    struct moe_h5_link link = {
        .kind = (int)info->type,
        .character_set = (int)info->cset,
        .creation_order = info->corder,
        .has_creation_order = info->corder_valid ? 1 : 0,
        .address = HADDR_UNDEF,
        .value_size = 0,
    };
    if (info->type == H5L_TYPE_HARD) link.address = info->u.address;
    else link.value_size = info->u.val_size;
    return link;
}

/// Calls `visit` for every link of a group, in creation order or name order; stops at its first non-zero result.
static inline herr_t moe_h5_iterate_links(hid_t group, int by_creation_order, H5L_iterate_t visit, void *context) {
    hsize_t position = 0;
    return H5Literate(
        group, by_creation_order ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, &position, visit, context);
}

static inline herr_t moe_h5_link_named(hid_t group, const char *name, struct moe_h5_link *link) {
    H5L_info_t info;
    herr_t status = H5Lget_info(group, name, &info, H5P_DEFAULT);
    if (status >= 0) *link = moe_h5_link_of(&info);
    return status;
}

static inline herr_t moe_h5_describe_object(hid_t object, struct moe_h5_object *description) {
    H5O_info_t info;
    herr_t status = H5Oget_info2(object, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS);
    if (status < 0) return status;
    description->kind = (int)info.type;
    description->address = info.addr;
    description->attribute_count = info.num_attrs;
    return status;
}

static inline struct moe_h5_attribute moe_h5_attribute_of(const H5A_info_t *info) {
    return (struct moe_h5_attribute){
        .character_set = (int)info->cset,
        .creation_order = (unsigned)info->corder,
        .has_creation_order = info->corder_valid ? 1 : 0,
        .byte_count = info->data_size,
    };
}

static inline herr_t moe_h5_iterate_attributes(hid_t object, int by_creation_order, H5A_operator2_t visit, void *context) {
    hsize_t position = 0;
    return H5Aiterate2(
        object, by_creation_order ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, &position, visit, context);
}

static inline herr_t moe_h5_superblock_version(hid_t file, unsigned *version) {
    H5F_info2_t info;
    herr_t status = H5Fget_info2(file, &info);
    if (status >= 0) *version = info.super.version;
    return status;
}

static inline herr_t moe_h5_encode_space(hid_t space, void *buffer, size_t *size) {
    return H5Sencode(space, buffer, size);
}

// Addresses are 64-bit numbers of another name in each version: here they are uint64_t.

static inline hid_t moe_h5_open_object(hid_t file, uint64_t address) {
    return H5Oopen_by_addr(file, (haddr_t)address);
}

/// Where a contiguous dataset begins, from the start of the file; UINT64_MAX when nothing was ever written.
///
/// H5Dget_offset alone does not tell: it adds the user block even to the address that means "nowhere".
static inline uint64_t moe_h5_dataset_offset(hid_t dataset) {
    if (H5Dget_storage_size(dataset) == 0) return UINT64_MAX;
    haddr_t offset = H5Dget_offset(dataset);
    return offset == HADDR_UNDEF ? UINT64_MAX : (uint64_t)offset;
}

/// The coordinates of the first element of stored chunk `number`. O(n).
static inline herr_t moe_h5_numbered_chunk(hid_t dataset, hid_t space, hsize_t number, hsize_t *coordinates) {
    unsigned mask;
    haddr_t address;
    hsize_t size;
    return H5Dget_chunk_info(dataset, space, number, coordinates, &mask, &address, &size);
}

#endif
