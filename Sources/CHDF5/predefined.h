#ifndef MOE_CHDF5_PREDEFINED_H
#define MOE_CHDF5_PREDEFINED_H

// libhdf5's named values are macros that read a variable once the library is initialised: Swift imports none of them.

static inline hid_t moe_h5_dataset_creation_class(void) { return H5P_DATASET_CREATE; }
static inline hid_t moe_h5_file_access_class(void) { return H5P_FILE_ACCESS; }
static inline hid_t moe_h5_file_creation_class(void) { return H5P_FILE_CREATE; }
static inline hid_t moe_h5_group_creation_class(void) { return H5P_GROUP_CREATE; }
static inline hid_t moe_h5_datatype_creation_class(void) { return H5P_DATATYPE_CREATE; }
static inline hid_t moe_h5_link_creation_class(void) { return H5P_LINK_CREATE; }
static inline hid_t moe_h5_attribute_creation_class(void) { return H5P_ATTRIBUTE_CREATE; }
static inline hid_t moe_h5_error_stack(void) { return H5E_DEFAULT; }
static inline hid_t moe_h5_default_properties(void) { return H5P_DEFAULT; }
static inline hid_t moe_h5_whole_space(void) { return H5S_ALL; }
static inline hsize_t moe_h5_unlimited(void) { return H5S_UNLIMITED; }
static inline size_t moe_h5_variable_length(void) { return H5T_VARIABLE; }

static inline unsigned moe_h5_open_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned moe_h5_create_truncated(void) { return H5F_ACC_TRUNC; }
static inline unsigned moe_h5_order_is_tracked(void) { return H5P_CRT_ORDER_TRACKED; }
static inline unsigned moe_h5_order_is_indexed(void) { return H5P_CRT_ORDER_INDEXED; }
static inline unsigned moe_h5_partial_chunks_unfiltered(void) { return H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS; }
static inline unsigned moe_h5_filter_is_optional(void) { return H5Z_FLAG_OPTIONAL; }
static inline unsigned moe_h5_filter_can_decode(void) { return H5Z_FILTER_CONFIG_DECODE_ENABLED; }

static inline hid_t moe_h5_object_reference_type(void) { return H5T_STD_REF_OBJ; }
static inline hid_t moe_h5_region_reference_type(void) { return H5T_STD_REF_DSETREG; }

#endif
