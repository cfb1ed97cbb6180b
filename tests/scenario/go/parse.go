// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// An argument of a step: one item or a list of them.
type argument struct {
	isList bool
	isNull bool // the bare word null
	items  []string
	used   bool
}

// parser reads one step.
type parser struct {
	s    *scenario
	rest string
}

var (
	resultForm = regexp.MustCompile(`^([^ ]+) = `)
	optionForm = regexp.MustCompile(`^([a-z_]+)=`)
	rangeForm  = regexp.MustCompile(`^(-?[0-9]+)\.\.(-?[0-9]+)$`)
)

// parse reads `[name =] verb argument...`.
func (s *scenario) parse(line string) {
	p := parser{s, strings.TrimLeft(line, " ")}
	s.result, s.places, s.byName = "", nil, map[string]*argument{}
	if match := resultForm.FindStringSubmatch(p.rest); match != nil {
		s.result = match[1]
		p.rest = p.rest[len(match[0]):]
	}
	s.verb, p.rest, _ = strings.Cut(p.rest, " ")
	for p.rest = strings.TrimLeft(p.rest, " "); p.rest != ""; p.rest = strings.TrimLeft(p.rest, " ") {
		if match := optionForm.FindStringSubmatch(p.rest); match != nil {
			p.rest = p.rest[len(match[0]):]
			s.byName[match[1]] = p.argument()
		} else {
			s.places = append(s.places, p.argument())
		}
	}
	// It fits every step, also where there is no record to show.
	if show := s.byName["show"]; show != nil {
		show.used = true
	}
}

func (p *parser) argument() *argument {
	a := &argument{isList: p.rest[:min(1, len(p.rest))] == "["}
	if !a.isList {
		text, quoted := p.item()
		a.isNull = !quoted && text == "null"
		a.items = []string{text}
		return a
	}
	for p.rest = p.rest[1:]; ; {
		p.rest = strings.TrimLeft(p.rest, " ")
		if p.rest == "" {
			p.s.complain("a list has no end")
		}
		if p.rest[0] == ']' {
			p.rest = p.rest[1:]
			return a
		}
		text, quoted := p.item()
		a.items = append(a.items, spread(text, quoted)...)
	}
}

// spread makes all integers of FIRST..LAST.
func spread(text string, quoted bool) []string {
	match := rangeForm.FindStringSubmatch(text)
	if quoted || match == nil {
		return []string{text}
	}
	var all []string
	first, _ := strconv.ParseInt(match[1], 10, 64)
	last, _ := strconv.ParseInt(match[2], 10, 64)
	for i := first; i <= last; i++ {
		all = append(all, strconv.FormatInt(i, 10))
	}
	return all
}

func (p *parser) item() (text string, quoted bool) {
	if strings.HasPrefix(p.rest, `"`) {
		return p.quoted(), true
	}
	var b strings.Builder
	for p.rest != "" && !strings.ContainsRune(` []"`, rune(p.rest[0])) {
		p.one(&b)
	}
	if b.Len() == 0 {
		p.s.complain("there is no argument at: %s", p.rest)
	}
	return b.String(), false
}

// one takes a ${...} or one byte.
func (p *parser) one(b *strings.Builder) {
	if !strings.HasPrefix(p.rest, "${") {
		b.WriteByte(p.rest[0])
		p.rest = p.rest[1:]
		return
	}
	name, after, found := strings.Cut(p.rest[2:], "}")
	if !found {
		p.s.complain("%s has no end", p.rest)
	}
	b.WriteString(p.s.substitute(name))
	p.rest = after
}

// quoted takes "text" or "text"*times.
func (p *parser) quoted() string {
	var b strings.Builder
	for p.rest = p.rest[1:]; ; {
		if p.rest == "" {
			p.s.complain("a quote has no end")
		}
		if p.rest[0] == '"' {
			break
		}
		if p.rest[0] == '\\' {
			p.escape(&b)
		} else {
			p.one(&b)
		}
	}
	p.rest = p.rest[1:]
	if !strings.HasPrefix(p.rest, "*") {
		return b.String()
	}
	digits := p.rest[1:]
	if end := strings.IndexAny(digits, " ]"); end >= 0 {
		digits = digits[:end]
	}
	times, err := strconv.Atoi(digits)
	if err != nil {
		p.s.complain("%s is no number of times", digits)
	}
	p.rest = p.rest[1+len(digits):]
	return strings.Repeat(b.String(), times)
}

func (p *parser) escape(b *strings.Builder) {
	const from, to = `nrt"\`, "\n\r\t\"\\"
	if len(p.rest) >= 2 {
		if at := strings.IndexByte(from, p.rest[1]); at >= 0 {
			b.WriteByte(to[at])
			p.rest = p.rest[2:]
			return
		}
	}
	if len(p.rest) >= 4 && p.rest[1] == 'x' {
		if value, err := strconv.ParseUint(p.rest[2:4], 16, 8); err == nil {
			b.WriteByte(byte(value))
			p.rest = p.rest[4:]
			return
		}
	}
	p.s.complain("%.2s is no escape", p.rest)
}

// substitute is what ${name} or ${name.field} stands for.
func (s *scenario) substitute(name string) string {
	name, field, dotted := strings.Cut(name, ".")
	switch {
	case name == "DIR":
		return s.folder
	case name == "URI":
		return s.uri
	}
	value := s.named(name)
	if text, isText := value.(string); isText && !dotted {
		return text
	}
	record, err := s.record(value)
	if err != nil || !dotted {
		s.complain("${%s} stands for nothing", name)
	}
	return plain(s.field(record, field))
}

// --- arguments as types --------------------------------------------------------------------------

func (s *scenario) integer(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		s.complain("%s is no integer", text)
	}
	return value
}

func (s *scenario) real(text string) float64 {
	if text == "nan" {
		text = "bits:7ff8000000000000" // Go's own has other bits
	}
	if bits, found := strings.CutPrefix(text, "bits:"); found {
		value, err := strconv.ParseUint(bits, 16, 64)
		if err != nil {
			s.complain("%s is no number", text)
		}
		return math.Float64frombits(value)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		s.complain("%s is no number", text)
	}
	return value
}

// enumeration reads names or numbers of a type of enum, several with + between them.
func (s *scenario) enumeration(kind reflect.Type, text string) int64 {
	var all int64
	for _, part := range strings.Split(text, "+") {
		value, found := valueOfName(kind, part)
		if !found {
			value = s.integer(part)
		}
		all |= value
	}
	return all
}

// checkAllUsed complains of arguments that the verb did not look at.
func (s *scenario) checkAllUsed() {
	for _, a := range s.places {
		if !a.used {
			s.complain("%s does not take so many arguments", s.verb)
		}
	}
	for name, a := range s.byName {
		if !a.used {
			s.complain("%s does not take %s", s.verb, name)
		}
	}
}
