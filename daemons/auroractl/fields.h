/* SPDX-License-Identifier: MIT */
/* Members of answers by name, as people's tables and the replay read them: what is absent, null or
 * of another kind counts as nothing, and members that we do not know are passed over. */
#ifndef AURORACTL_FIELDS_H
#define AURORACTL_FIELDS_H

#include <aurora/base.h>

#include "http/json_in.h"

/* The member of an object, absent where there is none. */
aurora_json_value ctl_field(aurora_json_value object, const char *name);

/* Its elements, if it is an array; 0 for anything else. */
uint32_t ctl_field_count(aurora_json_value object, const char *name);

/* NULL, 0, false, an id of zeros: nothing. A text belongs to the document. */
const char *ctl_field_text(aurora_json_value object, const char *name);
int64_t ctl_field_number(aurora_json_value object, const char *name);
bool ctl_field_bool(aurora_json_value object, const char *name);
int64_t ctl_field_time(aurora_json_value object, const char *name);
aurora_id ctl_field_id(aurora_json_value object, const char *name);

#endif
