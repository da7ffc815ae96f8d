import { z } from 'zod'
import { nameOf, type Command, type CommandName, type Counter, type CounterAct } from '../admin/command.ts'
import { findCommand } from '../admin/commands.ts'
import { flagOf } from '../admin/fields.ts'
import type { Outcome } from '../admin/outcome.ts'
import type { Terminal } from './ask-secret.ts'
import { wrapped } from './fit.ts'
import { talking, type Talk } from './guide.ts'
import type { Screen } from './layout.ts'

/** Runs a command with arguments, and prints its answer. */
interface Run {
  perform(command: Command, words: readonly string[]): Promise<Outcome>
  /** Returns the exit code. */
  show(outcome: Outcome, command: Command): number
}

type CounterCommand = Command & { counter: Counter }

const found = z.array(z.looseObject({ id: z.string() }))
const facts = z.record(z.string(), z.unknown())

/**
 * The conversation of a clerk: finds one person, shows the account, and runs the acts that the clerk chooses. Typed
 * values stay on the terminal: no command line with them is shown, and the shell has no history of them.
 * @returns the exit code of the last command
 */
export const counter = (command: CounterCommand, terminal: Terminal, screen: Screen, run: Run): Promise<number> =>
  talking(terminal, screen, async (talk) => {
    const said = screen.words.say
    talk.say(`${said('Counter. Ctrl-D: end.')}\n`)
    let code = 0
    for (;;) {
      const typed = await question(talk, command.counter.question)
      if (typed === undefined) return code
      if (typed === '') continue
      const id = await findOne(command, talk, run, typed)
      if (typeof id === 'number') {
        code = id
        continue
      }
      code = await serve(command.counter, talk, run, id)
    }
  })

const question = ({ ask, screen }: Talk, text: string) =>
  ask(
    `\n${wrapped(`${screen.words.say(text)}: `, screen.width, '  ')
      .join('\n')
      .trimEnd()} `,
  )

async function loaded(name: CommandName): Promise<Command> {
  const command = await findCommand(name)
  if (!command) throw new Error(`${nameOf(name)} is not in the list of commands`)
  return command
}

/** The id of the person whom the text names, after a choice where several fit; the exit code where there is none. */
async function findOne(command: CounterCommand, talk: Talk, run: Run, typed: string): Promise<string | number> {
  const isName = /\p{Script=Han}/u.test(typed) || /\s\p{L}/u.test(typed)
  const outcome = await run.perform(command, isName ? [`--name=${typed}`] : ['--', typed])
  if (!outcome.ok) return run.show(outcome, command)
  const people = found.parse(outcome.document)
  const [first, ...others] = people
  if (first && others.length === 0) return first.id
  run.show(outcome, command)
  const chosen = await choose(talk, people.length)
  return people[(chosen ?? 0) - 1]?.id ?? 0
}

/** A number from 1 to `most`; undefined for an empty line or the end. */
async function choose(talk: Talk, most: number): Promise<number | undefined> {
  for (;;) {
    const typed = await talk.ask(
      `${talk.screen.words.say('Number of the line; empty line: another person')} [1-${most}]: `,
    )
    if (typed === undefined || typed === '') return undefined
    const number = Number(typed)
    if (Number.isInteger(number) && number >= 1 && number <= most) return number
  }
}

/** Shows the person and runs the acts that the clerk chooses. Returns the exit code of the last one. */
async function serve({ look, acts }: Counter, talk: Talk, run: Run, id: string): Promise<number> {
  const show = await loaded(look)
  let code = 0
  let shown = ''
  for (;;) {
    const known = await run.perform(show, [id])
    if (!known.ok) return run.show(known, show)
    // a link that was just shown stays on the screen
    if (JSON.stringify(known.document) !== shown) run.show(known, show)
    shown = JSON.stringify(known.document)
    const fitting = acts.filter(({ where }) => where?.(facts.parse(known.document)) ?? true)
    talk.say(`\n${fitting.map(({ title }, index) => `  ${index + 1}  ${talk.screen.words.say(title)}\n`).join('')}`)
    const act = fitting[((await choose(talk, fitting.length)) ?? 0) - 1]
    if (!act) return code
    const words = await wordsFor(act, talk)
    if (words) code = run.show(...(await done(run, act, id, words)))
  }
}

async function done(run: Run, act: CounterAct, id: string, words: readonly string[]): Promise<[Outcome, Command]> {
  const command = await loaded(act.command)
  return [await run.perform(command, [id, ...words]), command]
}

/** The arguments of an act after the checks of the clerk; undefined where the clerk says no, or leaves an answer empty. */
async function wordsFor(
  { command: name, flags = [], check, asks }: CounterAct,
  talk: Talk,
): Promise<string[] | undefined> {
  const said = talk.screen.words.say
  if (check !== undefined) {
    const seen = await talk.ask(`${said(check)} [y/N] `)
    if (!/^(y(es)?|是|看过)$/i.test(seen ?? '')) {
      talk.say(`${said('Nothing was done.')}\n`)
      return undefined
    }
  }
  const { fields } = await loaded(name)
  const words: string[] = [...flags]
  for (const [field, text] of [...Object.entries(asks), ['reason', 'Reason, for the audit log'] as const]) {
    const answer = await question(talk, text)
    const definition = fields[field]
    if (!definition) throw new Error(`the counter asks for ${field}, which is no field`)
    if (answer === undefined || answer === '') {
      talk.say(`${said('Nothing was done.')}\n`)
      return undefined
    }
    words.push(`--${flagOf(field, definition)}=${answer}`)
  }
  return words
}
