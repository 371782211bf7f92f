// SPDX-License-Identifier: MIT

package aurora

// #include "shim.h"
import "C"

import "unsafe"

// SettingKind says how the text of a setting is read.
type SettingKind int32

const (
	SettingDuration SettingKind = C.AURORA_SETTING_DURATION // "250ms"
	SettingInteger  SettingKind = C.AURORA_SETTING_INTEGER  // decimal, or "1GiB"
	SettingText     SettingKind = C.AURORA_SETTING_TEXT
	SettingURL      SettingKind = C.AURORA_SETTING_URL
	SettingBool     SettingKind = C.AURORA_SETTING_BOOL
)

// String is the kind's name: "duration" to "bool".
func (k SettingKind) String() string { return C.GoString(C.aurora_setting_kind_name(C.int32_t(k))) }

// Setting is one row of the table of settings.
type Setting struct {
	Name         string
	Kind         SettingKind
	Default      string
	Minimum      int64 // in milliseconds for durations, bytes for texts
	Maximum      int64
	IsSecret     bool // to be masked when printed
	IsReloadable bool // Shop.Set may change it
	IsForDaemons bool // Open refuses it
	Help         string
}

// Settings lists all settings by name.
func Settings() []Setting {
	var count C.uint32_t
	rows := unsafe.Slice(C.aurora_setting_table(&count), count)
	out := make([]Setting, count)
	for i := range rows {
		out[i] = settingOf(&rows[i])
	}
	return out
}

func settingOf(row *C.aurora_setting_info) Setting {
	return Setting{Name: C.GoString(row.name), Kind: SettingKind(row.kind),
		Default: C.GoString(row.default_text), Minimum: int64(row.minimum),
		Maximum: int64(row.maximum), IsSecret: row.flags&C.AURORA_SETTING_SECRET != 0,
		IsReloadable: row.flags&C.AURORA_SETTING_RELOADABLE != 0,
		IsForDaemons: row.flags&C.AURORA_SETTING_DAEMON != 0, Help: C.GoString(row.help)}
}

// FindSetting gives the row of a name.
func FindSetting(name string) (Setting, bool) {
	f := newFrame("find setting")
	defer f.free()
	text := f.bytes(name)
	row := C.aurora_setting_find((*C.char)(text), C.size_t(len(name)))
	if row == nil {
		return Setting{}, false
	}
	return settingOf(row), true
}

// NearestSetting is the name that name was probably meant to be, empty when nothing is near.
func NearestSetting(name string) string {
	f := newFrame("nearest setting")
	defer f.free()
	text := f.textOrEmpty("name", name)
	if f.bad != nil {
		return ""
	}
	return C.GoString(C.aurora_setting_nearest(text))
}

// Parse reads a value by the rules of its row: the number of a duration in ms, of an integer or a bool,
// else 0. The error says what is allowed.
func (s Setting) Parse(text string) (int64, error) {
	f := newFrame("parse setting")
	defer f.free()
	value := f.textOrEmpty(s.Name, text)
	if f.bad != nil {
		return 0, f.bad
	}
	row := C.aurora_setting_find((*C.char)(f.bytes(s.Name)), C.size_t(len(s.Name)))
	if row == nil {
		return 0, invalid("parse setting", "name", "is not a setting")
	}
	number := (*C.int64_t)(f.alloc(C.sizeof_int64_t))
	*number = 0
	rc := C.aurora_setting_parse(row, value, number, f.err())
	return int64(*number), f.done(rc)
}
