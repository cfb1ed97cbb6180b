// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxWritten is the most bytes that are written as they are.
const maxWritten = 400

func fingerprint(data []byte) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write(data)
	return hash.Sum64()
}

func columnFingerprint[T int64 | float64](column []T) uint64 {
	var data bytes.Buffer
	if err := binary.Write(&data, binary.NativeEndian, column); err != nil {
		panic(err)
	}
	return fingerprint(data.Bytes())
}

// quoted is text or bytes in quotes; of bytes only ASCII stays as it is.
func quoted(data string, isText bool) string {
	if len(data) > maxWritten {
		return fmt.Sprintf("(%d bytes, fingerprint %016x)", len(data), fingerprint([]byte(data)))
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(data) {
		c := data[i]
		if at := strings.IndexByte("\n\r\t\"\\", c); at >= 0 {
			b.WriteByte('\\')
			b.WriteByte(`nrt"\`[at])
		} else if c >= 0x20 && c != 0x7f && (c < 0x80 || isText) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "\\x%02x", c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func writtenReal(value float64) string {
	switch {
	case math.IsNaN(value):
		return "nan"
	case math.IsInf(value, 1):
		return "inf"
	case math.IsInf(value, -1):
		return "-inf"
	}
	return fmt.Sprintf("%.17g", value)
}

// --- names ---------------------------------------------------------------------------------------

// snake makes a name of C: RunID -> run_id.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		upper := unicode.IsUpper(r)
		afterLower := i > 0 && !unicode.IsUpper(runes[i-1])
		beforeLower := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if upper && (afterLower || beforeLower) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// fieldName is the name of a field in C: a time and a duration have their unit, and StatusAt beside
// Status is status_us.
func fieldName(field reflect.StructField) string {
	name := snake(field.Name)
	switch field.Type {
	case reflect.TypeFor[time.Time]():
		return strings.TrimSuffix(name, "_at") + "_us"
	case reflect.TypeFor[time.Duration]():
		return name + "_ms"
	}
	return name
}

// valueOfName is the value of an enum that has this name.
func valueOfName(kind reflect.Type, name string) (int64, bool) {
	for i := range int64(64) {
		value := reflect.ValueOf(i).Convert(kind)
		if named, ok := value.Interface().(fmt.Stringer); ok && named.String() == name {
			return i, true
		}
	}
	return 0, false
}

// --- records -------------------------------------------------------------------------------------

// The fields that may be empty. In all others of the records "" stands for none.
var mayBeEmpty = map[string]bool{
	"PropertyRecord.Value":       true,
	"VersionRecord.ArtifactPath": true,
	"RequestRecord.ArtifactPath": true,
	"RuleRecord.Reason":          true,
	"RuleRecord.Observed":        true,
}

// A field of a record, as it is written.
type field struct {
	name  string
	value reflect.Value
	empty bool // whether "" is a text and not none
}

func fieldsOf(record reflect.Value) []field {
	var fields []field
	for i := range record.NumField() {
		of := record.Type().Field(i)
		fields = append(fields, field{fieldName(of), record.Field(i), mayBeEmpty[record.Type().Name()+"."+of.Name]})
	}
	return fields
}

func (s *scenario) field(record reflect.Value, name string) field {
	for _, f := range fieldsOf(record) {
		if f.name == name {
			return f
		}
	}
	s.complain("there is no field %s", name)
	return field{}
}

func writtenBool(value bool) string {
	return strconv.Itoa(map[bool]int{false: 0, true: 1}[value])
}

func written(f field) string {
	switch value := f.value.Interface().(type) {
	case string:
		if value == "" && !f.empty {
			return "null"
		}
		return quoted(value, true)
	case []string:
		var all []string
		for _, text := range value {
			all = append(all, quoted(text, true))
		}
		return "[" + strings.Join(all, " ") + "]"
	case bool:
		return writtenBool(value)
	case float64:
		return writtenReal(value)
	case time.Time:
		if value.IsZero() {
			return "0"
		}
		return strconv.FormatInt(value.UnixMicro(), 10)
	case fmt.Stringer:
		if f.value.Kind() == reflect.Uint32 && f.value.IsZero() {
			return "0" // no flags
		}
		return value.String()
	default:
		return fmt.Sprint(value)
	}
}

// plain is a field as ${name.field} puts it into a step.
func plain(f field) string {
	if text, ok := f.value.Interface().(string); ok {
		return text
	}
	return written(f)
}

func (s *scenario) sayRecord(record reflect.Value) {
	show, chosen := s.byName["show"]
	if !chosen {
		for _, f := range fieldsOf(record) {
			s.say("%s %s", f.name, written(f))
		}
		return
	}
	var parts []string
	for _, name := range strings.Split(show.items[0], ",") {
		parts = append(parts, name+"="+written(s.field(record, name)))
	}
	s.say("%s", strings.Join(parts, " "))
}

func (s *scenario) sayText(text string) {
	for line := range strings.Lines(text) {
		s.say("| %s", strings.TrimSuffix(line, "\n"))
	}
}
