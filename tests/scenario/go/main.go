// SPDX-License-Identifier: Apache-2.0

// Command scenario runs a scenario file through the Go package and compares what every step says
// with what the file expects. ../README.md has the grammar.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"modelreg"
)

// scenario is one run of a file.
type scenario struct {
	path   string
	line   int // of the step that runs
	driver string
	folder string // ${DIR}
	uri    string // ${URI}

	moment   uint64 // the number of the step, which clock and randomness are made of
	randomAt uint64

	names map[string]any // what names stand for: a handle or a string

	verb   string
	result string // the name to keep the result under, or ""
	places []*argument
	byName map[string]*argument
	out    []string

	steps int
	lines int
}

// A complaint ends the run: the scenario itself is wrong.
type complaint struct{ text string }

func (s *scenario) complain(format string, values ...any) {
	panic(complaint{fmt.Sprintf("%s:%d: ", s.path, s.line) + fmt.Sprintf(format, values...)})
}

// errDiffers says that a step said something else than was wanted; what has been printed.
var errDiffers = errors.New("a step said something else")

func (s *scenario) say(format string, values ...any) {
	s.out = append(s.out, strings.ReplaceAll(fmt.Sprintf(format, values...), s.folder, "${DIR}"))
}

// expectation is what an expecting line expects of a driver; ofDriver: of that one alone.
func expectation(line, driver string) (text string, expects, ofDriver bool) {
	text, ofDriver = strings.CutPrefix(line, driver+">")
	if !ofDriver {
		if text, expects = strings.CutPrefix(line, ">"); !expects {
			return "", false, false
		}
	}
	return strings.TrimPrefix(text, " "), true, ofDriver
}

func (s *scenario) otherDriver() string {
	if s.driver == "memory" {
		return "sqlite"
	}
	return "memory"
}

func (s *scenario) runStep(step string) {
	s.out = nil
	s.parse(step)
	if err := s.run(); err != nil {
		var failure *modelreg.Error
		if !errors.As(err, &failure) {
			s.complain("%s failed with %v, which is no Error of the package", s.verb, err)
		}
		s.say("! %s %s", failure.Status, failure.Message)
		if failure.BackendCode != 0 {
			s.say("! backend %d", failure.BackendCode)
		}
	}
	s.checkAllUsed()
}

func (s *scenario) differs(line int, wanted, got string) error {
	fmt.Fprintf(os.Stderr, "%s:%d: wanted: %s\n%s:%d: got: %s\n", s.path, line, wanted, s.path, line, got)
	return errDiffers
}

// compare compares what the step said with the lines below it, and tells how many those are.
func (s *scenario) compare(below []string, skipped bool) (int, error) {
	at, said := 0, 0
	for ; at < len(below); at++ {
		wanted, expects, _ := expectation(below[at], s.driver)
		if !expects {
			if _, expects, _ = expectation(below[at], s.otherDriver()); !expects {
				break
			}
			continue
		}
		if skipped {
			continue
		}
		got := "(nothing more)"
		if said < len(s.out) {
			got = s.out[said]
		}
		if said >= len(s.out) || got != wanted {
			return at, s.differs(s.line+1+at, wanted, got)
		}
		said++
		s.lines++
	}
	if !skipped && said < len(s.out) {
		return at, s.differs(s.line, "(nothing more)", s.out[said])
	}
	return at, nil
}

// ownStep is the step without the driver before it; false: it is for another driver.
func (s *scenario) ownStep(line string) (string, bool) {
	for _, driver := range []string{"memory", "sqlite"} {
		if step, found := strings.CutPrefix(line, driver+":"); found {
			return step, driver == s.driver
		}
	}
	return line, true
}

func (s *scenario) runLines(lines []string) error {
	for at := 0; at < len(lines); at++ {
		line := lines[at]
		s.line = at + 1
		if line == "" || line[0] == '#' {
			continue
		}
		if chapter, found := strings.CutPrefix(line, "chapter "); found {
			number, _, _ := strings.Cut(chapter, " ")
			value, err := strconv.ParseUint(number, 10, 32)
			if err != nil {
				s.complain("%s is no number of a chapter", number)
			}
			s.moment = value * 1000
			continue
		}
		if _, expects, _ := expectation(line, s.driver); expects {
			s.complain("no step says this")
		}
		s.moment++
		s.randomAt = 0
		step, own := s.ownStep(line)
		if own {
			s.runStep(step)
			s.steps++
		}
		below, err := s.compare(lines[at+1:], !own)
		if err != nil {
			return err
		}
		at += below
	}
	return nil
}

// runFile runs the scenario in a folder of its own.
func (s *scenario) runFile() (err error) {
	text, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "modelreg_scenario_")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if s.folder, err = filepath.EvalSymlinks(folder); err != nil {
		return err
	}
	s.uri = "memory:"
	if s.driver == "sqlite" {
		s.uri = "sqlite:" + s.folder + "/R.db"
	}
	defer s.closeNames()
	if err = s.runLines(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")); err != nil {
		return err
	}
	if s.steps == 0 {
		return fmt.Errorf("%s: there are no steps", s.path)
	}
	return nil
}

func main() {
	if len(os.Args) != 3 || (os.Args[1] != "memory" && os.Args[1] != "sqlite") {
		fmt.Fprintln(os.Stderr, "usage: scenario memory|sqlite FILE")
		os.Exit(2)
	}
	s := &scenario{driver: os.Args[1], path: os.Args[2], names: map[string]any{}}
	os.Exit(s.status())
}

func (s *scenario) status() (status int) {
	defer func() {
		switch value := recover().(type) {
		case nil:
		case complaint:
			fmt.Fprintln(os.Stderr, value.text)
			status = 2
		default:
			panic(value)
		}
	}()
	err := s.runFile()
	if err != nil {
		if !errors.Is(err, errDiffers) {
			fmt.Fprintln(os.Stderr, err)
		}
		return 1
	}
	fmt.Printf("%s: %s: %d steps, %d expected lines\n", s.path, s.driver, s.steps, s.lines)
	return 0
}
