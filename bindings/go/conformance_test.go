// SPDX-License-Identifier: MIT

package aurora

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The runner of tests/conformance, whose README says what a file means. The operations are in
// conformance_parts_test.go and conformance_shop_test.go.

type object = map[string]any

type caseFile struct {
	Format   int
	Kind     string
	About    string
	Expected string
	CasesMin int `json:"cases_min"`
	Cases    []struct {
		Name   string
		Open   object
		Verify *bool
		Steps  []step
	}
}

type step struct {
	Do    string
	On    string
	As    string
	With  object
	Gives object
	Fails *struct {
		Status string
		Field  *string
	}
}

// What Go cannot say: an empty text is an absent one, so that these requests are good ones.
var emptyIsAbsent = map[string]bool{"orders/key_is_not_empty": true,
	"orders/reference_is_not_empty": true, "orders/customer_id_is_not_empty": true,
	"orders/contact_is_not_empty": true}

// A caseRun is one case under way.
type caseRun struct {
	t      *testing.T
	kept   map[string]any // objects and results
	shop   *Shop
	clock  *ManualClock
	folder string
	url    string
	open   object
}

type operation func(r *caseRun, in *input) (object, error)

var operations = map[string]operation{}

func decode(t *testing.T, path string, to any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		t.Fatal(path, err)
	}
}

func TestConformance(t *testing.T) {
	folder := filepath.Join("..", "..", "tests", "conformance", "data")
	isBroken := os.Getenv("AURORA_CONFORMANCE_BROKEN") != "" // by TestBrokenCasesFail
	if isBroken {
		folder = filepath.Join(folder, "..", "broken")
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skip("there are no cases beside a module without its tree")
	}
	var index struct {
		Format   int
		FilesMin int `json:"files_min"`
		Files    []string
	}
	decode(t, filepath.Join(folder, "index.json"), &index)
	if index.Format != 1 || len(index.Files) < index.FilesMin {
		t.Fatalf("format %d, %d files", index.Format, len(index.Files))
	}
	exceptions := 0
	for _, name := range index.Files {
		var file caseFile
		decode(t, filepath.Join(folder, name), &file)
		if file.Format != 1 || len(file.Cases) < file.CasesMin || len(file.Cases) == 0 {
			t.Fatalf("%s: format %d, %d cases", name, file.Format, len(file.Cases))
		}
		for i := range file.Cases {
			c := &file.Cases[i]
			called := strings.TrimSuffix(name, ".json") + "/" + c.Name
			if emptyIsAbsent[called] {
				exceptions++
				c.Steps[len(c.Steps)-1].Fails = nil
			}
			t.Run(called, func(t *testing.T) {
				n := 0
				defer func() {
					if isBroken {
						t.Logf("ended in step %d of %d, failed: %v", n+1, len(c.Steps), t.Failed())
					}
				}()
				r := &caseRun{t: t, kept: map[string]any{}, open: c.Open}
				if file.Kind == "shop" {
					r.begin()
					defer r.end(c.Verify == nil || *c.Verify)
				}
				for n = range c.Steps {
					r.step(n, &c.Steps[n])
				}
			})
		}
	}
	if exceptions != len(emptyIsAbsent) && !isBroken {
		t.Errorf("%d exceptions of %d are no cases any more", len(emptyIsAbsent)-exceptions, len(emptyIsAbsent))
	}
}

// The same runner in a process of its own, over cases that are wrong: each fails in its last step, or in
// the audit behind it.
func TestBrokenCasesFail(t *testing.T) {
	path := filepath.Join("..", "..", "tests", "conformance", "broken")
	if _, err := os.Stat(path); err != nil {
		t.Skip("there are no cases beside a module without its tree")
	}
	command := exec.Command(os.Args[0], "-test.run=^TestConformance$", "-test.v")
	command.Env = append(os.Environ(), "AURORA_CONFORMANCE_BROKEN=1")
	output, err := command.CombinedOutput()
	if err == nil {
		t.Errorf("broken cases pass: %s", output)
	}
	var index struct {
		Format   int
		FilesMin int `json:"files_min"`
		Files    []string
	}
	decode(t, filepath.Join(path, "index.json"), &index)
	for _, name := range index.Files {
		var file caseFile
		decode(t, filepath.Join(path, name), &file)
		for _, c := range file.Cases {
			called := "=== RUN   TestConformance/" + strings.TrimSuffix(name, ".json") + "/" + c.Name + "\n"
			_, said, wasRun := strings.Cut(string(output), called)
			said, _, _ = strings.Cut(said, "\n=== RUN ")
			said, _, _ = strings.Cut(said, "\n--- FAIL")
			last := fmt.Sprintf("ended in step %d of %d, failed: true", len(c.Steps), len(c.Steps))
			if !wasRun || !strings.Contains(said, last) {
				t.Errorf("%s %s does not fail in its last step: %q", name, c.Name, said)
			}
		}
	}
}

func (r *caseRun) step(n int, s *step) {
	r.t.Helper()
	f, ok := operations[s.Do]
	if !ok {
		r.t.Fatalf("step %d: %s is no operation", n, s.Do)
	}
	in := &input{r: r, on: s.On, with: s.With, used: map[string]bool{}}
	got, err := f(r, in)
	if in.bad != "" {
		r.t.Fatalf("step %d %s: %s", n, s.Do, in.bad)
	}
	for member := range s.With {
		if !in.used[member] {
			r.t.Fatalf("step %d %s: with has no member %s", n, s.Do, member)
		}
	}
	if s.Fails == nil && err != nil {
		r.t.Fatalf("step %d %s: %v", n, s.Do, err)
	}
	if s.Fails != nil {
		r.checkFailure(n, s, err)
	}
	if s.As != "" {
		if object, ok := got["object"]; ok {
			r.kept[s.As] = object
		} else {
			r.kept[s.As] = got
		}
	}
	for member, want := range s.Gives {
		have, ok := got[member]
		if !ok {
			r.t.Fatalf("step %d %s: gives no %s", n, s.Do, member)
		}
		if why := r.differs(member, have, want); why != "" {
			r.t.Fatalf("step %d %s: %s", n, s.Do, why)
		}
	}
}

func (r *caseRun) checkFailure(n int, s *step, err error) {
	r.t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		r.t.Fatalf("step %d %s: no failure but %v, want %s", n, s.Do, err, s.Fails.Status)
	}
	if got := strings.TrimPrefix(e.Code.Name(), "AURORA_"); got != s.Fails.Status {
		r.t.Fatalf("step %d %s: %s, want %s: %v", n, s.Do, got, s.Fails.Status, err)
	}
	if s.Fails.Field != nil && e.Field != *s.Fails.Field {
		r.t.Fatalf("step %d %s: blames %q, want %q: %v", n, s.Do, e.Field, *s.Fails.Field, err)
	}
}

// resolve follows a reference, and writes a repeated text out.
func (r *caseRun) resolve(value any) any {
	if o, ok := value.(object); ok && o["repeat"] != nil {
		times, _ := o["times"].(json.Number).Int64()
		return strings.Repeat(o["repeat"].(string), int(times))
	}
	text, ok := value.(string)
	if !ok || !strings.HasPrefix(text, "$") {
		return value
	}
	path := strings.Split(text[1:], ".")
	at, ok := r.kept[path[0]]
	for _, name := range path[1:] {
		switch v := at.(type) {
		case object:
			at, ok = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if ok = err == nil && i < len(v); ok {
				at = v[i]
			}
		default:
			ok = false
		}
	}
	if !ok {
		r.t.Fatalf("%s leads nowhere", text)
	}
	return at
}

func isAbsent(have any) bool {
	return have == nil || have == "" || reflect.ValueOf(have).Kind() == reflect.Slice &&
		reflect.ValueOf(have).Len() == 0
}

// differs says how what came is not what was wanted, empty where it is.
func (r *caseRun) differs(name string, have, want any) string {
	want = r.resolve(want)
	different := fmt.Sprintf("%s is %v, want %v", name, have, want)
	switch w := want.(type) {
	case nil:
		if isAbsent(have) {
			return ""
		}
	case bool:
		if have == w {
			return ""
		}
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			return different
		}
		for i := range w {
			if why := r.differs(fmt.Sprintf("%s[%d]", name, i), h[i], w[i]); why != "" {
				return why
			}
		}
		return ""
	case object:
		h, ok := have.(object)
		if !ok {
			return different
		}
		for member := range w {
			inner, known := h[member]
			if !known {
				return fmt.Sprintf("%s has no member %s", name, member)
			}
			if why := r.differs(name+"."+member, inner, w[member]); why != "" {
				return why
			}
		}
		return ""
	default:
		if matches(have, fmt.Sprint(w)) {
			return ""
		}
	}
	return different
}

func matches(have any, want string) bool {
	text := fmt.Sprint(have)
	switch want {
	case "?any":
		return true
	case "?text":
		s, ok := have.(string)
		return ok && s != ""
	case "?id":
		id, err := ParseID(text)
		return err == nil && !id.IsZero()
	case "?positive":
		n, err := strconv.ParseInt(text, 10, 64)
		return err == nil && n > 0
	}
	if f, ok := have.(float64); ok {
		w, err := strconv.ParseFloat(want, 64)
		return err == nil && (f == w || math.Abs(f-w) <= 1e-9*math.Abs(w) && w != 0)
	}
	return text == want
}

// input reads the inputs of a step, and knows which were read.
type input struct {
	r    *caseRun
	on   string
	with object
	used map[string]bool
	bad  string
}

func (in *input) get(name string) any {
	in.used[name] = true
	return in.r.resolve(in.with[name])
}

func (in *input) text(name string) string {
	switch v := in.get(name).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		in.bad = name + " is no text"
		return ""
	}
}

func (in *input) int(name string) int64 {
	switch v := in.get(name).(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	default:
		n, err := strconv.ParseInt(fmt.Sprint(v), 10, 64)
		if err != nil {
			in.bad = name + " is no integer"
		}
		return n
	}
}

func (in *input) uint(name string) uint64 {
	v := in.get(name)
	if v == nil {
		return 0
	}
	n, err := strconv.ParseUint(fmt.Sprint(v), 10, 64)
	if err != nil {
		in.bad = name + " is no unsigned integer"
	}
	return n
}

func (in *input) float(name string) float64 {
	n, err := strconv.ParseFloat(fmt.Sprint(in.get(name)), 64)
	if err != nil {
		in.bad = name + " is no number"
	}
	return n
}

func (in *input) bool(name string) bool { return in.int(name) != 0 }

func (in *input) ns(name string) time.Duration { return time.Duration(in.int(name)) }

func (in *input) ms(name string) time.Duration { return time.Duration(in.int(name)) * time.Millisecond }

func (in *input) at(name string) time.Time {
	if ms := in.int(name); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

func (in *input) id(name string) ID {
	id, err := ParseID(in.text(name))
	if err != nil {
		in.bad = name + " is no id"
	}
	return id
}

// name reads an enumerator: a text that one of the first values has, or a number as it is.
func (in *input) name(name string, of func(int32) string) int32 {
	v := in.get(name)
	if text, ok := v.(string); ok {
		for i := int32(1); i < 64; i++ {
			if strings.EqualFold(of(i), text) {
				return i
			}
		}
		in.bad = name + ": no such name: " + text
		return 0
	}
	return int32(in.int(name))
}

func oneOf(names ...string) func(int32) string {
	return func(i int32) string {
		if int(i) <= len(names) {
			return names[i-1]
		}
		return ""
	}
}

// each reads an array of objects.
func (in *input) each(name string) []*input {
	array, _ := in.get(name).([]any)
	out := make([]*input, len(array))
	for i, v := range array {
		with, ok := v.(object)
		if !ok {
			in.bad = name + " is no array of objects"
		}
		out[i] = &input{r: in.r, with: with, used: map[string]bool{}}
	}
	return out
}

// done says that all of an inner object was read.
func (in *input) done(of *input) {
	for member := range in.with {
		if !in.used[member] {
			of.bad = "no member " + member
		}
	}
	if in.bad != "" {
		of.bad = in.bad
	}
}

func (in *input) texts(name string) []string {
	array, _ := in.get(name).([]any)
	out := make([]string, len(array))
	for i, v := range array {
		out[i] = fmt.Sprint(in.r.resolve(v))
	}
	return out
}

// part is the object that a step works on.
func part[T any](in *input) T { return named[T](in, in.on) }

func named[T any](in *input, name string) T {
	v, ok := in.r.kept[name].(T)
	if !ok {
		in.r.t.Fatalf("%q is no such object", name)
	}
	return v
}

func list[T any](items []T, f func(T) object) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = f(item)
	}
	return out
}

func texts(items []string) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

func page[T any](p Page[T], f func(T) object) object {
	return object{"items": list(p.Items, f), "next_cursor": p.NextCursor}
}

func unixMS(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func idText(id ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
