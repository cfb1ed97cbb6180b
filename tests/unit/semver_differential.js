// SPDX-License-Identifier: Apache-2.0
//
// Asks the npm package "semver" and the library the same questions, random and chosen ones, and
// compares the answers.
//
//     node semver_differential.js SEMVER_ANSWERS [SEED [COUNT [FOLDER]]]
//
// SEMVER_ANSWERS is the program built from semver_answers.c. COUNT questions (200,000 times
// MR_TEST_SCALE, at least 20,000) of a random SEED, which is printed. The package is the newest one
// installed, or that in FOLDER; exits with 77 where there is none. Packages older than 7.8.5 are
// not asked what has changed since.
//
// Where the library means to differ:
//  * a version is what SemVer 2.0.0 says: no "v" before it and no blanks around it
//  * numeric prerelease identifiers from 2^53 - 1 up are numbers like any other, counted up to it
//  * an identifier such as -1 or 1e5 is text, also where a prerelease is counted up
//  * a number or a version that npm counts up to and could not read again is LIMIT
//  * a range is at most 256 bytes, and only ASCII blanks are blanks
//  * in a range, a "*" that is no part of a version and build metadata that does not follow one are
//    refused; npm takes them out first, so that 1.2.3* is 1.2.3
//  * in "1.2.3 - 2.3.4" the second version has at most one "v" before it, as the first in npm
'use strict'

const childProcess = require('child_process')
const path = require('path')

const LIMIT = Number.MAX_SAFE_INTEGER
const PARTS = ['major', 'minor', 'patch', 'prerelease']

// --- the package --------------------------------------------------------------------------------

// The newest that is installed, by Debian, with npm or for this script; null without any.
function findPackage(folder) {
  const beside = path.resolve(path.dirname(process.execPath), '..', 'lib', 'node_modules')
  const places = folder !== undefined ? [path.join(folder, 'semver')] : ['semver',
    path.join(beside, 'semver'), path.join(beside, 'npm', 'node_modules', 'semver'),
    '/usr/share/nodejs/semver', '/usr/share/nodejs/npm/node_modules/semver']
  let best = null
  for (const place of places) {
    try {
      const file = require.resolve(place)
      const semver = require(file)
      const version = require(path.join(path.dirname(file), 'package.json')).version
      const newer = best === null || semver.gt(version, best.version)
      if (typeof semver.Range === 'function' && newer) best = { semver, version }
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return best
}

// What older packages did otherwise: whether this one does, and which questions that touches.
function changes(semver) {
  const include = { includePrerelease: true }
  const text = (range, options) => {
    const found = semver.validRange(range, options)
    return found === null ? 'invalid' : found
  }
  return [
    { is: text('1.2+b') === 'invalid' || text('1.2.3+b+c') === 'invalid',
      touches: (q) => q.kind === 'range' && q.text.includes('+') },
    { is: text('1.x.3') !== 'invalid',
      touches: (q) => q.kind === 'range' && /[xX*]\.(\d|[xX*]\.\d)/.test(q.text) },
    { is: text('^0.1.2', include).includes('-0 <') || !text('~1.2', include).includes('-0 <'),
      touches: (q) => q.kind === 'range' && q.include && /[~^]/.test(q.text) },
    { is: semver.inc('1.0.0-a.b.0', 'prerelease', 'a.b') !== '1.0.0-a.b.1' ||
          semver.inc('1.0.0', 'prerelease', 'a b') !== null,
      touches: (q) => q.kind === 'inc' && q.id !== '' },
  ].filter((change) => change.is)
}

// --- questions ----------------------------------------------------------------------------------

function makeRandom(seed) {
  let state = seed >>> 0
  const below = (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
  const pick = (list) => list[below(list.length)]
  const chance = (percent) => below(100) < percent
  return { below, pick, chance }
}

const NUMBERS = [
  '0', '0', '0', '1', '1', '1', '2', '2', '3', '9', '10', '11', '255', '256', '65536',
  '9007199254740990', '9007199254740991', '9007199254740992', '99999999999999999999999', '00',
  '01',
]
const COMMON = 14 // of NUMBERS, those that meet often
const IDENTIFIERS = [
  '0', '0', '1', '2', '9', '10', '11', 'a', 'A', 'b', 'ab', 'alpha', 'beta', 'rc', 'rc1', 'x',
  'X', 'v1', '-', '--', '-1', '0a', '00a', '1-', '9007199254740990', '01', '', '9007199254740991',
  '99999999999999999999999',
]
const USUAL = 25 // of IDENTIFIERS, those that make a version
const NOISE = [...'0123456789.-+vVxX*<>=~^| \tab_,"\'()[]{}/\\!?@#$%&;:', '||', ' || ', ' - ', '>=',
  '<=', '~>', '1.2.3', '-0', '.x', '\n', '\v', '\f', '\r', '\x7f', '\x01']

function makeGenerator(random) {
  const { below, pick, chance } = random
  const number = () => chance(95) ? NUMBERS[below(COMMON)] : pick(NUMBERS)
  const identifiers = () => {
    const list = []
    for (let n = 1 + below(chance(70) ? 2 : 5); n > 0; n--) {
      list.push(chance(97) ? IDENTIFIERS[below(USUAL)] : pick(IDENTIFIERS))
    }
    return list.join('.')
  }
  const qualifier = () => (chance(40) ? '-' + identifiers() : '') + (chance(10) ? '+b.01' : '')
  const version = () => `${number()}.${number()}.${number()}${qualifier()}`
  const mutate = (text) => {
    for (let n = 1 + below(2); n > 0; n--) {
      const at = below(text.length + 1)
      text = text.slice(0, at) + (chance(70) ? pick(NOISE) : '') + text.slice(at + below(3))
    }
    return text
  }
  const part = () => chance(15) ? pick(['x', 'X', '*']) : number()
  const partial = () => {
    const prefix = chance(6) ? pick(['v', 'v', '=', 'vv', '==', 'v=', '=v']) : ''
    const parts = Array.from({ length: 1 + below(3) }, part)
    return prefix + parts.join('.') + (parts.length === 3 || chance(3) ? qualifier() : '')
  }
  const blanks = () => pick(['', '', '', ' ', '  '])
  const simple = () => {
    const sign = pick(['', '', '^', '^', '~', '~', '~>', '>', '>=', '<', '<=', '=', '> =', '~ >'])
    return sign + blanks() + partial()
  }
  const alternative = () => {
    if (chance(12)) return partial() + pick([' - ', ' - ', '  -  ', ' -', '- ']) + partial()
    if (chance(2)) return ''
    const terms = Array.from({ length: 1 + below(chance(80) ? 2 : 4) }, simple)
    return terms.join(pick([' ', ' ', '  ']))
  }
  const range = () => {
    const list = Array.from({ length: 1 + below(chance(75) ? 1 : 4) }, alternative)
    return blanks() + list.join(pick(['||', ' || ', '|| '])) + blanks()
  }
  // A version near those that the range speaks of, on either side of its ends.
  const near = (text) => {
    const found = text.match(/\d+(\.\d+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?/g)
    if (found === null || chance(10)) return version()
    const [, core, prerelease] = /^([\d.]+)(?:-(.*))?$/.exec(pick(found))
    const numbers = core.split('.').concat(['0', '0', '0']).slice(0, 3)
    const at = below(5)
    if (at < 3 && +numbers[at] < LIMIT) {
      numbers[at] = String(Math.max(0, +numbers[at] + below(3) - 1))
      if (chance(60)) numbers.fill('0', at + 1)
    }
    let end = chance(40) ? '-' + pick(['0', prerelease || '1', identifiers()]) : ''
    if (prerelease !== undefined && chance(40)) end = '-' + prerelease + pick(['', '.0', '-', '0'])
    return numbers.join('.') + end
  }
  return { version, range, mutate, near, identifiers }
}

// SemVer's and npm's documents, and what was once wrong somewhere.
const CHOSEN = [
  '', ' ', '*', 'x', 'X', 'x.x', 'x.x.x', '||', '1||', '|', '1|2', '1|||2', '>', '~', '^', '-',
  ' - ', '1 -', '- 1', '1 - 2', '1 - x', 'x - 1', '* - *', '1.2 - 2', '1.2.3 - 2.3', '1 -2',
  '1.2.3 - 1.2.3-0', '1.x.3 - 2', 'x.1 - 2', 'v1 - v2', 'v1.0.0 - v2.0.0', '= 1 - 2', 'v 1 - 2',
  '1 - v 2', '1 - 2 3', '1 - 2 - 3', '>1 - 2', '1  -  2', '1 - 2 || 3 - 4', '0.0.0 - x', '1 - =2',
  '>1', '>=1', '<1', '<=1', '=1', '>1.2', '>=1.2', '<1.2', '<=1.2', '>1.2.x', '<1.2.x', '<=1.2.x',
  '>x', '<x', '>=x', '<=*', '=x', '>*.1', 'x.1', 'x.1.2', '1.x.2', '1.*.*', '1.2.*',
  '1.2.x-rc.1+b', '^1.x.2', '^x.1.2', '~x.9', '~1.x.9', '~>1', '~> 1.2', '~ > 1', '~ >= 1',
  '~> >1', '~>>1', '~>=1', '~=1', '~<1', '^0', '^0.0', '^0.0.0', '^0.0.1', '^0.1', '^0.1.0',
  '^0.1.2', '^0.x', '^0.0.x', '^1', '^1.2.3', '^0.0.3-beta', '^0.1.2-rc.1', '^1.2.3-rc.1',
  '~1.2.3-rc.1', '~0', '~0.0.1', '^=1', '^= 1', '^ = 1', '^v1.2', '^vv1.2.3', 'v1.2', 'v1.2.3',
  'vv1.2', 'vv1.2.3', '=v1.2.3', '==1', '==1.2.3', 'V1', '= =1', '> =1.2.3', '> = 1', '>==1',
  '>= =1', '>=v1', '> v1.2.3', '>v 1', 'v 1', '<>1', '><1', '=<1', '=>1', '>=1 <2', '>=1<2',
  '>=2 <1', '>1 >2', '<2 <1', '1 2', '1 1', '1.0.0 1.0.0', '>=1.0.0 1.x', 'x 1 *', '>=0.0.0',
  '>=0', '>=0.0.0-0', '<0.0.0-0', '<0.0.0', '>0', '<0', '<=0', '0', '0.0.0', '0.0.0-0',
  '* || >=1.0.0-rc.1', '>=v0.0.0 || >=1.0.0-rc.1', '>=0.0.0 || ^1.0.0-a', '>x || 1', '>x || <x',
  '^1 || 2', '>1.0.0-a <1.0.0', '>=1.0.0-a <1', '>=1.0.0-a <2.0.0-a', '>1.0.0-a >=0.9.0-b', '<=1.0.0-a <1.0.0',
  '>=1.0.0-a >=1.0.0', '9007199254740991', '>9007199254740991', '<=9007199254740991',
  '^9007199254740991.0.0', '>=9007199254740991', '~1.9007199254740991',
  '1.2.3 - 1.2.9007199254740991', '1.0.9007199254740991', '9007199254740992',
  '^x.9007199254740992', '^1.x.9007199254740992', '<9007199254740992.0.0', 'x - 9007199254740991',
  '1.2.3+build', '1.2+build', '1+b.2', '^1.2.3+b', '1.2.3+b+c', '+b', '1.2.3+', '1.2.3-',
  '1.2.3-+b', '01', '1.01', '1.2.03', '1.2.3-01', '1.2.3-0a', '1.2.3-a..b', '1.2.3.4', '1.2.3.x',
  '1.', '.1', '1..2', '1.2.3-a.x', '1.2-3', '1-2', '1.2.3-*', '1.2.3*', '**', '>**', '*1.2.3',
  '1.*2', '1.2.*3', '1.*.3', 'latest', 'a', '1.2.3 a', '1,2', '[1,2)', '1.2.3 AND 2', '!1', '!=1',
  '1.2.3-rc.1 || 1.2.3', '\t1\n',
]
const AROUND = [
  '0.0.0-0', '0.0.0-a', '0.0.0', '0.0.1-0', '0.0.1', '0.0.3-beta', '0.0.3-pr.2', '0.0.4-0',
  '0.1.0-0', '0.1.0', '0.1.2-rc.1', '0.1.2', '0.2.0-0', '1.0.0-0', '1.0.0-a', '1.0.0-rc.1',
  '1.0.0-rc.2', '1.0.0', '1.0.1-0', '1.1.0-0', '1.2.0-0', '1.2.0', '1.2.3-0', '1.2.3-rc.1',
  '1.2.3-rc.2', '1.2.3', '1.2.4-0', '1.2.4', '1.3.0-0', '1.3.0', '2.0.0-0', '2.0.0-a', '2.0.0',
  '2.3.0', '2.3.4', '2.4.0-0', '3.0.0-0', '3.0.0', '9007199254740991.0.0', '1.2.3+b',
  '1.0.9007199254740991',
]

function* chosenQuestions() {
  for (const text of CHOSEN) {
    yield { kind: 'parse', text }
    for (const include of [false, true]) {
      yield { kind: 'range', include, text, versions: AROUND }
    }
  }
  for (const a of AROUND) {
    yield { kind: 'parse', text: a }
    for (const b of AROUND) yield { kind: 'compare', a, b }
    for (const part of PARTS) {
      for (const id of ['', 'rc', 'a', '0', 'rc.1', 'a b', '01', '-']) {
        yield { kind: 'inc', part, id, text: a }
      }
    }
  }
  // The limits of a version and of a range, in bytes.
  for (const size of [255, 256, 257, 300]) {
    const starts = ['1.2.3-', '1.2.3+', '1.2.3-1.', '^1.2.3-', '1 || ', '1'.padEnd(240)]
    for (const start of starts) {
      const text = start.padEnd(size, 'x')
      yield { kind: 'parse', text }
      yield { kind: 'range', include: false, text, versions: AROUND }
      for (const part of PARTS) yield { kind: 'inc', part, id: '', text }
    }
    for (const part of PARTS) yield { kind: 'inc', part, id: 'x'.repeat(size - 8), text: '1.0.0' }
  }
}

function randomQuestion(random, make, valid) {
  const { below, pick, chance } = random
  const good = () => {
    for (;;) {
      const version = make.version()
      if (valid(version)) return version
    }
  }
  switch (below(10)) {
    case 0:
    case 1:
      return { kind: 'parse', text: chance(50) ? make.mutate(make.version()) : make.version() }
    case 2:
    case 3: {
      const a = good()
      const b = chance(50) ? good() : make.near(a)
      return { kind: 'compare', a, b: valid(b) ? b : a }
    }
    case 4:
    case 5: {
      const id = chance(50) ? '' : chance(90) ? make.identifiers() : make.mutate('rc.1')
      return { kind: 'inc', part: pick(PARTS), id, text: good() }
    }
    default: {
      const text = chance(20) ? make.mutate(make.range()) : make.range()
      const versions = Array.from({ length: 6 }, () => make.near(text)).filter(valid)
      return { kind: 'range', include: chance(50), text, versions: ['1.0.0', ...versions] }
    }
  }
}

function* allQuestions(random, make, valid) {
  yield* chosenQuestions()
  for (;;) yield randomQuestion(random, make, valid)
}

// --- answers ------------------------------------------------------------------------------------

const REFUSED = 'INVALID_ARGUMENT'

// Whether a prerelease has a number that npm keeps as text and compares as a floating point number.
function hasGreatNumber(text) {
  return text.split(/[\s|+]+/).some((version) => version.includes('-') &&
    version.slice(version.indexOf('-') + 1).split('.')
      .some((id) => /^\d{16,}$/.test(id) && BigInt(id) >= BigInt(LIMIT)))
}

// An identifier that is none of digits and still a number to JavaScript, such as -1 and 1e5.
function isOnlyScriptNumber(id) {
  return !/^\d+$/.test(id) && !isNaN(id)
}

// What the library should say; undefined where it means to say something else.
function expected(semver, q) {
  const read = (text) => {
    const found = semver.parse(text)
    if (found === null) return null
    return found.version + (found.build.length > 0 ? '+' + found.build.join('.') : '')
  }
  switch (q.kind) {
    case 'parse': {
      const found = /^v|^\s|\s$/.test(q.text) ? null : read(q.text)
      return found === null ? 'refused' : found
    }
    case 'compare':
      return hasGreatNumber(q.a + ' ' + q.b) ? undefined : String(semver.compare(q.a, q.b))
    case 'inc': {
      if (hasGreatNumber(`${q.text} -${q.id}`) || semver.valid(q.text) === null) return undefined
      if (q.id !== '' && semver.prerelease(q.text)?.some(isOnlyScriptNumber)) return undefined
      const withId = q.part === 'prerelease' && q.id !== '' ? [q.id] : []
      const next = semver.inc(q.text, q.part, ...withId)
      if (next === null) return 'refused'
      return semver.valid(next) === null ? 'LIMIT' : next
    }
    default: {
      if (hasGreatNumber([q.text, ...q.versions].join(' '))) return undefined
      if (q.text.length > 256) return 'LIMIT'
      try {
        const range = new semver.Range(q.text, { includePrerelease: q.include })
        return q.versions.map((version) => range.test(version) ? '1' : '0').join('')
      } catch (error) {
        if (error instanceof TypeError) return 'refused'
        throw error
      }
    }
  }
}

// Ranges that npm takes and the library means to refuse: see the top.
function isMeantRefusal(text) {
  const term = /^[~^<>=v]*(\d+|[xX*])(\.(\d+|[xX*])){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/
  const joined = text.replace(/([<>=])\s+(?=\*)/g, '$1')
  const stray = joined.split(/\s+|\|\|/).some((part) => /[*+]/.test(part) && !term.test(part))
  return stray || /\s-\s+v*(\s|=|v\s*v)[v=\s]*\d+\.\d+\.\d/.test(text)
}

function line(q) {
  const fields = {
    parse: () => ['parse', q.text],
    compare: () => ['compare', q.a, q.b],
    inc: () => ['inc', String(PARTS.indexOf(q.part) + 1), q.id, q.text],
    range: () => ['range', q.include ? '1' : '0', q.text, ...q.versions],
  }[q.kind]()
  return fields.map((field) => field.replace(/[%\x00-\x1f\x7f]/g, (c) =>
    '%' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'))).join('\t')
}

function ask(program, questions) {
  const done = childProcess.spawnSync(program, [], {
    input: questions.map(line).join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  if (done.error) throw done.error
  if (done.status !== 0) throw new Error(`${program} ended with ${done.status} ${done.signal}`)
  const answers = done.stdout.split('\n').slice(0, -1)
  if (answers.length !== questions.length) throw new Error('the answers are not as many as asked')
  return answers
}

function main(program, seed, count, folder) {
  const found = findPackage(folder)
  if (found === null) {
    console.log('the npm package semver is not there')
    return 77
  }
  const { semver } = found
  console.log(`semver ${found.version} of npm, seed ${seed}, ${count} questions`)
  const changed = changes(semver)
  const random = makeRandom(seed)
  const make = makeGenerator(random)
  const valid = (version) => semver.valid(version) === version.split('+')[0]
  const counts = {
    parse: 0, compare: 0, inc: 0, range: 0, accepted: 0, matched: 0, meant: 0, older: 0,
  }
  const wrong = []
  const questions = allQuestions(random, make, valid)
  for (let asked = 0; asked < count;) {
    const batch = []
    while (batch.length < Math.min(20000, count - asked)) {
      const q = questions.next().value
      if (changed.some((change) => change.touches(q))) counts.older++
      else batch.push(q)
    }
    asked += batch.length
    ask(program, batch).forEach((answer, i) => {
      const q = batch[i]
      const refused = answer === REFUSED || answer === 'LIMIT'
      const wanted = expected(semver, q)
      const same = wanted === answer || (wanted === 'refused' && refused)
      const meant = wanted === undefined ||
        (q.kind === 'range' && answer === REFUSED && isMeantRefusal(q.text))
      counts[q.kind]++
      if (!refused) counts.accepted++
      if (q.kind === 'range' && !refused && answer.includes('1')) counts.matched++
      if (!same && meant) counts.meant++
      if (!same && !meant) wrong.push({ q, wanted, answer })
    })
  }
  console.log(JSON.stringify(counts))
  for (const { q, wanted, answer } of wrong.slice(0, 20)) {
    console.log(`${JSON.stringify(q)}: npm ${wanted}, the library ${answer}`)
  }
  const little = Object.entries(counts).filter(([name, n]) =>
    !['meant', 'older'].includes(name) && n < count / 20)
  if (little.length > 0) console.log(`too little asked: ${little.map(([name]) => name).join(', ')}`)
  const lenient = counts.meant > count / 20
  if (lenient) console.log('too much differs by intention')
  console.log(`${wrong.length} mismatches`)
  return wrong.length === 0 && little.length === 0 && !lenient ? 0 : 1
}

const scale = Number(process.env.MR_TEST_SCALE || '1')
const [program, seed, count, folder] = process.argv.slice(2)
process.exitCode = main(program, seed === undefined ? Date.now() >>> 0 : Number(seed),
  count === undefined ? Math.max(20000, Math.round(200000 * scale)) : Number(count), folder)
