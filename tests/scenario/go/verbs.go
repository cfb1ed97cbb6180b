// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"modelreg"
)

// Functions that are no methods, by their names in C.
var functions = map[string]any{
	"library_version":    modelreg.LibraryVersion,
	"abi_level":          modelreg.ABILevel,
	"status_name":        modelreg.StatusName,
	"registry_open":      modelreg.OpenRegistry,
	"cancel_new":         modelreg.NewCancel,
	"manifest_new":       modelreg.NewManifest,
	"gate_new":           modelreg.NewGate,
	"gate_parse":         modelreg.ParseGate,
	"semver_parse":       modelreg.ParseSemver,
	"semver_range_parse": modelreg.ParseSemverRange,
}

// What is not simply a call.
var special = map[string]func(*scenario) error{
	"close":            (*scenario).closeHandles,
	"info":             (*scenario).sayInfo,
	"history_points":   (*scenario).sayPoints,
	"manifest_entries": (*scenario).sayAll,
	"decision_rules":   (*scenario).sayAll,
	"lineage_edges":    (*scenario).sayAll,
	"fsck_findings":    (*scenario).sayAll,
	"now":              (*scenario).now,
	"check_id":         (*scenario).findCheck,
	"blob_read":        (*scenario).readBlob,
	"make_folder":      (*scenario).makeFolder,
	"write_file":       (*scenario).writeFile,
	"read_file":        (*scenario).readFile,
	"remove_file":      (*scenario).removeFile,
	"damage_file":      (*scenario).damageFile,
	"damage_blob":      (*scenario).damageBlob,
}

type handle interface{ Close() error }

// --- arguments -----------------------------------------------------------------------------------

func (s *scenario) place(index int) *argument {
	if index >= len(s.places) {
		s.complain("%s needs more arguments", s.verb)
	}
	s.places[index].used = true
	return s.places[index]
}

func (s *scenario) textAt(index int) string {
	return s.single(s.place(index))
}

// single is the one item of an argument; null is "".
func (s *scenario) single(a *argument) string {
	if a.isList {
		s.complain("%s takes no list here", s.verb)
	}
	if a.isNull {
		return ""
	}
	return a.items[0]
}

func (s *scenario) named(name string) any {
	value, found := s.names[name]
	if !found {
		s.complain("there is no %s", name)
	}
	return value
}

func (s *scenario) handleAt(index int) reflect.Value {
	return reflect.ValueOf(s.named(s.textAt(index)))
}

// convert makes of an argument what a parameter or a field takes.
func (s *scenario) convert(a *argument, kind reflect.Type) reflect.Value {
	a.used = true
	if kind.Kind() == reflect.Slice && kind.Elem().Kind() != reflect.Uint8 {
		if a.isNull {
			return reflect.Zero(kind)
		}
		list := reflect.MakeSlice(kind, 0, len(a.items))
		for _, item := range a.items {
			list = reflect.Append(list, s.convert(&argument{items: []string{item}}, kind.Elem()))
		}
		return list
	}
	text := s.single(a)
	switch {
	case kind.Kind() == reflect.Pointer && a.isNull:
		return reflect.Zero(kind)
	case kind == reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.UnixMicro(s.integer(text)))
	case kind == reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(time.Duration(s.integer(text)) * time.Millisecond)
	case kind.Kind() == reflect.String:
		return reflect.ValueOf(text)
	case kind.Kind() == reflect.Slice:
		return reflect.ValueOf([]byte(text))
	case kind.Kind() == reflect.Bool:
		return reflect.ValueOf(s.integer(text) != 0)
	case kind.Kind() == reflect.Float64:
		return reflect.ValueOf(s.real(text))
	case kind.Kind() == reflect.Pointer:
		return reflect.ValueOf(s.named(text))
	case kind.PkgPath() != "":
		return reflect.ValueOf(s.enumeration(kind, text)).Convert(kind)
	}
	return reflect.ValueOf(s.integer(text)).Convert(kind)
}

// options makes an option struct of the options of the step.
func (s *scenario) options(kind reflect.Type) reflect.Value {
	options := reflect.New(kind)
	for i := range kind.NumField() {
		if given := s.byName[fieldName(kind.Field(i))]; given != nil {
			options.Elem().Field(i).Set(s.convert(given, kind.Field(i).Type))
		}
	}
	switch options := options.Interface().(type) {
	case *modelreg.OpenOptions:
		options.Clock = s.clock
		options.Random = s.random
	case *modelreg.HistoryOptions:
		if s.byName["from_step"] != nil {
			options.Flags |= modelreg.HistoryFromStep
		}
		if s.byName["to_step"] != nil {
			options.Flags |= modelreg.HistoryToStep
		}
	}
	return options
}

// --- calls ---------------------------------------------------------------------------------------

func (s *scenario) clock() time.Time {
	return time.UnixMicro(1767225600000000 + int64(s.moment)*1000000)
}

func (s *scenario) random(out []byte) {
	for i := range out {
		z := (s.moment<<32 + s.randomAt/8 + 1) * 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		out[i] = byte(z >> (8 * (s.randomAt % 8)))
		s.randomAt++
	}
}

// callee finds the method or function of the verb, and which places are left for its parameters.
func (s *scenario) callee() (callee reflect.Value, next int) {
	if function, found := functions[s.verb]; found {
		return reflect.ValueOf(function), 0
	}
	if len(s.places) == 0 {
		s.complain("there is no verb %s", s.verb)
	}
	name, isText := s.names[s.places[0].items[0]]
	if !isText {
		s.complain("there is no verb %s for a %s", s.verb, s.places[0].items[0])
	}
	self := reflect.ValueOf(name)
	noun := snake(self.Elem().Type().Name())
	verb := s.verb
	if pages := s.byName["pages"]; pages != nil {
		pages.used = true
		verb += "_page"
	}
	for i := range self.NumMethod() {
		method := noun + "_" + snake(self.Type().Method(i).Name)
		// Those that give a report are called for it.
		withReport := self.MethodByName(self.Type().Method(i).Name + "Report").IsValid()
		if method == verb+"_report" || (method == verb && !withReport) {
			s.places[0].used = true
			return self.Method(i), 1
		}
	}
	s.complain("there is no verb %s of a %s", s.verb, noun)
	return callee, next
}

func (s *scenario) run() error {
	if verb := special[s.verb]; verb != nil {
		return verb(s)
	}
	callee, next := s.callee()
	var arguments []reflect.Value
	for i := range callee.Type().NumIn() {
		kind := callee.Type().In(i)
		switch {
		case kind.Kind() == reflect.Pointer && strings.HasSuffix(kind.Elem().Name(), "Options"):
			arguments = append(arguments, s.options(kind.Elem()))
		case next < len(s.places):
			arguments = append(arguments, s.convert(s.places[next], kind))
			next++
		case s.byName["times_us"] != nil:
			arguments = append(arguments, s.convert(s.byName["times_us"], kind))
		default:
			arguments = append(arguments, reflect.Zero(kind))
		}
	}
	return s.take(callee.Call(arguments))
}

// take says and keeps what a call returned.
func (s *scenario) take(results []reflect.Value) error {
	if len(results) == 0 {
		return nil
	}
	if err, failed := results[len(results)-1].Interface().(error); failed {
		return err
	}
	switch result := results[0].Interface().(type) {
	case nil:
	case string:
		return s.takeText(result)
	case []byte:
		s.say("%s", quoted(string(result), false))
	case bool:
		s.say("%s", writtenBool(result))
	case *modelreg.Report:
		return s.takeReport(result)
	case handle:
		_, isVersion := result.(*modelreg.Version)
		_, isRequest := result.(*modelreg.Request)
		if (isVersion || isRequest) && !strings.Contains(s.verb, "_open_") {
			if err := s.sayInfoOf(result); err != nil {
				return err
			}
		}
		return s.keep(result)
	default:
		if results[0].Kind() == reflect.Func {
			return s.saySequence(results[0])
		}
		if records := results[0]; records.Kind() == reflect.Struct {
			return s.sayPage(records.FieldByName("Records"), records.FieldByName("NextToken").String())
		}
		s.say("%v", result)
	}
	return nil
}

func (s *scenario) takeText(text string) error {
	if strings.HasSuffix(s.verb, "_text") || strings.HasSuffix(s.verb, "_json") {
		s.sayText(text)
		return nil
	}
	s.say("%s", quoted(text, true))
	if s.result != "" {
		return s.keep(text)
	}
	return nil
}

func (s *scenario) takeReport(report *modelreg.Report) error {
	sums, err := report.Info()
	if err != nil {
		return err
	}
	s.say("%d files, %d bytes, %d problems", sums.FileCount, sums.TotalSize, sums.ProblemCount)
	if err := s.saySequence(reflect.ValueOf(report.All())); err != nil {
		return err
	}
	return s.keep(report)
}

// sayPage says the records of one page and the token of the next.
func (s *scenario) sayPage(records reflect.Value, token string) error {
	for i := range records.Len() {
		s.sayRecord(records.Index(i))
	}
	if token == "" {
		s.say("null")
		return nil
	}
	return s.takeText(token)
}

// saySequence says every record of an iter.Seq2 up to the first error.
func (s *scenario) saySequence(sequence reflect.Value) error {
	for record, failed := range sequence.Seq2() {
		if err, ok := failed.Interface().(error); ok {
			return err
		}
		s.sayRecord(record)
	}
	return nil
}

// keep keeps a result under its name; a handle without one is closed.
func (s *scenario) keep(value any) error {
	if s.result == "" {
		return value.(handle).Close()
	}
	if before, found := s.names[s.result].(handle); found {
		if err := before.Close(); err != nil {
			return err
		}
	}
	s.names[s.result] = value
	return nil
}

// --- verbs on any handle -------------------------------------------------------------------------

func (s *scenario) closeHandles() error {
	for i := range s.places {
		name := s.textAt(i)
		if err := s.named(name).(handle).Close(); err != nil {
			return err
		}
		delete(s.names, name)
	}
	return nil
}

func (s *scenario) closeNames() {
	for _, value := range s.names {
		if value, ok := value.(handle); ok {
			_ = value.Close()
		}
	}
}

// record is what Info says of a handle.
func (s *scenario) record(value any) (reflect.Value, error) {
	info := reflect.ValueOf(value).MethodByName("Info")
	if !info.IsValid() {
		s.complain("%T has no record", value)
	}
	results := info.Call(nil)
	err, _ := results[1].Interface().(error)
	return results[0], err
}

func (s *scenario) sayInfoOf(value any) error {
	record, err := s.record(value)
	if err == nil {
		s.sayRecord(record)
	}
	return err
}

func (s *scenario) sayInfo() error {
	return s.sayInfoOf(s.handleAt(0).Interface())
}

func (s *scenario) sayAll() error {
	return s.saySequence(s.handleAt(0).MethodByName("All").Call(nil)[0])
}

// now says and keeps the time that the step stands at.
func (s *scenario) now() error {
	return s.takeText(strconv.FormatInt(s.clock().UnixMicro(), 10))
}

// findCheck says and keeps the id of the report of a name that counts.
func (s *scenario) findCheck() error {
	run := s.handleAt(0).Interface().(*modelreg.Run)
	name := s.textAt(1)
	for check, err := range run.ListChecks(nil) {
		if err != nil {
			return err
		}
		if check.Latest && check.Name == name {
			if err := s.takeText(check.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scenario) sayPoints() error {
	history := s.handleAt(0).Interface().(*modelreg.History)
	count, errCount := history.Len()
	steps, errSteps := history.Steps()
	times, errTimes := history.Times()
	values, errValues := history.Values()
	if err := errors.Join(errCount, errSteps, errTimes, errValues); err != nil {
		return err
	}
	if count > 20 {
		s.say("%d points, fingerprints %016x %016x %016x", count,
			columnFingerprint(steps), columnFingerprint(times), columnFingerprint(values))
		return nil
	}
	for i := range count {
		s.say("%d %d %s %016x", steps[i], times[i], writtenReal(values[i]), math.Float64bits(values[i]))
	}
	return nil
}

func (s *scenario) readBlob() error {
	blob := s.handleAt(0).Interface().(*modelreg.Blob)
	data := make([]byte, s.integer(s.textAt(2)))
	count, err := blob.ReadAt(data, s.integer(s.textAt(1)))
	if err == nil || errors.Is(err, io.EOF) {
		s.say("%d %s", count, quoted(string(data[:count]), false))
		return nil
	}
	return err
}
