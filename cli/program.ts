import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { describeFailure, EXIT, exitCodeOf } from './failure.ts';
import { createSession, type Session } from './session.ts';
import { GROUPS, VERBS, type VerbEntry } from './verbs.ts';

/** Runs the command line of `process` and sets its exit code. */
export async function run(process: NodeJS.Process): Promise<void> {
  process.stdout.on('error', endWhenNobodyReads);
  const session = createSession(process, (code) => {
    process.exitCode = code;
  });
  try {
    const words = helpAsOption(process.argv.slice(2));
    await (await programFor(session, words)).parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = await explain(error, session);
  } finally {
    await session.close();
  }
}

/** `weft get pods | head` closes the pipe early: that is no failure. A full disk under `> file` is one. */
function endWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
  process.stderr.write(describeFailure(error));
  process.exit(EXIT.failed);
}

async function explain(error: unknown, session: Session): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (session.signal.aborted) return EXIT.interrupted;
  session.warn(describeFailure(error));
  return exitCodeOf(error);
}

/** `weft help`, `weft help VERB`: what people type. */
function helpAsOption(words: readonly string[]): readonly string[] {
  return words[0] === 'help' ? [...words.slice(1), '--help'] : words;
}

async function programFor(session: Session, argv: readonly string[]): Promise<Command> {
  const program = new Command('weft')
    .description('A service mesh for plain Linux.')
    .version(version(), '-v, --version')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride();
  const asked = VERBS.find(({ name }) => name === argv.find((word) => !word.startsWith('-')))?.name;
  program.configureOutput({ outputError: (text, write) => write(oneLine(text, asked, argv)) });
  for (const group of GROUPS)
    program.commandsGroup(`${group}:`) && (await addVerbs(program, group, asked, session));
  program.addHelpText('after', '\nweft VERB --help tells more. Start with: weft demo');
  if (argv.length === 0) program.action(() => program.outputHelp());
  return program;
}

async function addVerbs(
  program: Command,
  group: string,
  asked: string | undefined,
  session: Session,
): Promise<void> {
  for (const entry of VERBS.filter((verb) => verb.group === group)) {
    const command = program.command(entry.name).description(entry.summary);
    if (entry.name === asked) await load(entry, command, session);
  }
}

async function load(entry: VerbEntry, command: Command, session: Session): Promise<void> {
  const { define } = await entry.load();
  define(command, session);
}

function oneLine(text: string, verb: string | undefined, words: readonly string[]): string {
  const message = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ');
  return `weft: ${message} (${remedyOf(message, verb, words)})\n`;
}

/** What to do about words that do not fit. Pure. */
function remedyOf(message: string, verb: string | undefined, words: readonly string[]): string {
  if (verb === undefined) return 'see: weft --help';
  const [first = ''] = words;
  if (first.startsWith('-') && message.startsWith('unknown option'))
    return `options go after the command: weft ${verb} ${first} …`;
  const example = message.startsWith('missing required argument') ? exampleOf(verb) : undefined;
  return `${example === undefined ? '' : `for example: ${example}; `}see: weft ${verb} --help`;
}

function exampleOf(verb: string): string | undefined {
  return VERBS.find(({ name }) => name === verb)?.example;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return version;
}
