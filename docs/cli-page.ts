import { nameOf, type Command, type CommandHelp, type Subject } from '../src/admin/command.ts'
import { agreements, type Agreement, type Duty } from '../src/admin/duties.ts'
import { everyFlag, exitCodes, meaningOf, typed, usageOf } from '../src/cli/help.ts'
import { inChinese, inEnglish } from '../src/text/console-words.ts'
import { code, made, page, table } from './tables.ts'

type Language = 'zh-CN' | 'en'

/** The words of the page around those of the commands. Links begin at the folder of the page. */
interface Frame {
  title: string
  intro: readonly string[]
  json: readonly string[]
  has: readonly [string, string]
  exit: readonly [string, string]
  flag: readonly [string, string]
  agree: string
  agreeIntro: readonly string[]
  duties: readonly [string, string, string]
  example: string
  stop: string
  local(why: string): string
  remote(role: string, reach: string): string
  agreement(who: string): string
  reach: Record<Subject, string>
  second: string
  peers: string
  sometimes(when: string): string
  again: string
  runs: string
  noOne: string
  when(touch: string, when: string): string
}

/** A table has room for long choices. */
const everyChoice = Number.POSITIVE_INFINITY

const shape = '`{"error":{"kind":"invalid","message":"…","problems":[{"field":"--redirect-uri","message":"…"}]}}`'

const frames: Record<Language, Frame> = {
  'zh-CN': {
    title: '# 命令行',
    intro: [
      '[English](en/cli.md)',
      '',
      '管理员使用 `npx yideng <名词> <动词> [ID] [--标志]`。它按同样的[设置](settings.md)打开服务器的库，服务器运行时也可使用：',
      '服务器在两秒内看到更改。结果写到标准输出，错误写到标准错误。密钥和密码从不作为参数。加 `--server URL` 时，命令在该服务器上',
      '按角色和地区执行：[operations.md](operations.md#remote-administration)。',
      '',
      '设置取自环境，其余取自 `/etc/yideng/environment`（存在时），即服务自己的文件；`--environment FILE` 指明另一个文件。库只由服务器的',
      '首次启动和 `yideng restore` 建立：找不到库的命令说明位置并失败，`doctor` 也是。',
      '',
      '语言由 `LC_ALL`、`LC_MESSAGES`、`LANG` 中第一个有值的决定：`zh…` 为中文，其余为英文。`--json` 和退出码不随语言改变。',
      '表格比终端（`COLUMNS`，未知时为 80 列）宽时，每条记录显示为几行；时间用本机时区，`--utc` 用 UTC。',
    ],
    json: [
      '加 `--json` 时，错误是标准错误上的一份 JSON 文档：',
      `${shape}；`,
      '`kind` 为 `invalid`、`not_found`、`forbidden` 或 `failed`。',
    ],
    has: ['每个命令都有', '含义'],
    exit: ['退出码', '含义'],
    flag: ['标志', '含义'],
    agree: '## 谁须同意',
    agreeIntro: [
      '加 `--server` 时，命令可能需要第二名管理员。这由命令涉及的内容决定。在服务器本机上不需要第二名管理员。',
    ],
    duties: ['命令', '涉及', '谁须同意'],
    example: '示例：',
    stop: '。',
    local: (why) => `不能加 \`--server\`：${why}。`,
    remote: (role, reach) => `加 \`--server\` 时：需要 ${role} 角色，${reach}。`,
    agreement: (who) => `须由谁同意：${who}。`,
    reach: {
      portal: '限本地区的门户',
      organisation: '限在本地区登记的组织',
      administrator: '限本地区',
      approval: '限本地区的请求',
      rows: '只显示本地区的条目',
      system: '限省级',
    },
    second: '第二名管理员',
    peers: '第二名管理员（涉及另一名可批准的管理员时）',
    sometimes: (when) => `第二名管理员（${when}）`,
    again: '；之后再次输入命令',
    runs: '；之后它会执行',
    noOne: '无',
    when: (touch, when) => `${touch}（${when}）`,
  },
  en: {
    title: '# Command line',
    intro: [
      '[中文](../cli.md)',
      '',
      'Administrators use `npx yideng <noun> <verb> [ID] [--flags]`. It opens the store of the server, with the same',
      '[settings](../settings.md). It works while the server runs: the server sees a change within two seconds. Answers go to',
      'standard output, errors to standard error. Secrets are never arguments. With `--server URL` the command runs at a server,',
      'by role and region: [operations.md](../operations.md#remote-administration).',
      '',
      'Settings come from the environment, the others from `/etc/yideng/environment` where it is: the file of the service.',
      '`--environment FILE` names another file. Only the first start of a server and `yideng restore` make a store: a command that',
      'finds none says where it looked and fails, and so does `doctor`.',
      '',
      'The first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set chooses the language: `zh…` is Chinese, all others are English.',
      '`--json` and exit codes are the same in both. A table that is wider than the terminal (`COLUMNS`, 80 where not known) is',
      'shown as cards, a record each. Times are in the zone of the machine; `--utc` shows them in UTC.',
    ],
    json: [
      'With `--json` an error is one JSON document on standard error:',
      `${shape};`,
      '`kind` is `invalid`, `not_found`, `forbidden` or `failed`.',
    ],
    has: ['Every command has', 'Meaning'],
    exit: ['Exit code', 'Meaning'],
    flag: ['Flag', 'Meaning'],
    agree: '## Who must agree',
    agreeIntro: [
      'With `--server`, a command may need a second administrator. The things that it touches decide that. On the server itself no',
      'second administrator is asked.',
    ],
    duties: ['Command', 'It touches', 'Who must agree'],
    example: 'Example:',
    stop: '.',
    local: (why) => `Not with \`--server\`: ${why}.`,
    remote: (role, reach) => `With \`--server\`: needs the role ${role}, ${reach}.`,
    agreement: (who) => ` Who must agree: ${who}.`,
    reach: {
      portal: 'for portals of the own region',
      organisation: 'for organisations registered in the own region',
      administrator: 'for the own region',
      approval: 'for requests of the own region',
      rows: 'and shows entries of the own region',
      system: 'of the province',
    },
    second: 'a second administrator',
    peers: 'a second administrator, where it touches another administrator who approves',
    sometimes: (when) => `a second administrator ${when}`,
    again: '; then give the command again',
    runs: '; then it runs',
    noOne: 'no one',
    when: (touch, when) => `${touch} (${when})`,
  },
}

/** docs/cli.md and docs/en/cli.md. */
export function cliPage(
  language: Language,
  commands: readonly Command[],
  all: readonly (Command | CommandHelp)[],
): string {
  const frame = frames[language]
  const words = language === 'zh-CN' ? inChinese() : inEnglish

  /** Who besides the requester must agree to a remote command, in words. */
  const whoAgrees = (duty: Duty): string => {
    const needed = new Set(duty.touches.map((touch): Agreement => agreements[touch]))
    const afterwards = duty.secret ? frame.again : frame.runs
    if (needed.has('second')) return frame.second + afterwards
    if (needed.has('peers')) return frame.peers + afterwards
    return duty.sometimes ? frame.sometimes(words.say(duty.sometimes.when)) + afterwards : frame.noOne
  }
  const touched = ({ touches, sometimes }: Duty) =>
    [
      ...touches.map((touch) => words.say(touch)),
      ...(sometimes ? [frame.when(words.say(sometimes.touch), words.say(sometimes.when))] : []),
    ].join(language === 'zh-CN' ? '；' : '; ')
  const remoteUse = ({ access }: Command): string => {
    if ('local' in access) return frame.local(words.say(access.local))
    const role = frame.remote(access.role, frame.reach[access.about])
    const who = whoAgrees(access)
    return who === frame.noOne ? role : role + frame.agreement(who)
  }
  const section = (command: CommandHelp | Command): string[] => {
    const fields = Object.entries(command.fields).map(([name, field]) => [
      code(typed(name, field, everyChoice)),
      meaningOf(field, words, everyChoice),
    ])
    const summary = words.say(command.summary)
    return [
      '',
      `### ${nameOf(command)}`,
      '',
      `${summary.charAt(0).toUpperCase()}${summary.slice(1)}${frame.stop}`,
      '',
      '```',
      usageOf(command),
      '```',
      ...(fields.length > 0 ? ['', ...table(frame.flag, fields)] : []),
      ...('access' in command ? ['', remoteUse(command)] : []),
      '',
      frame.example,
      '',
      '```sh',
      command.example,
      '```',
    ]
  }
  const nouns = [...new Set(all.map(({ noun }) => noun))]
  const said = (rows: readonly (readonly [string, string])[]) =>
    rows.map(([name, meaning]) => [name, words.say(meaning)] as const)
  return page([
    made('the tables in src/admin'),
    '',
    frame.title,
    '',
    ...frame.intro,
    '',
    ...table(
      frame.has,
      said(everyFlag).map(([flag, meaning]) => [code(flag), meaning]),
    ),
    '',
    ...table(frame.exit, said(exitCodes)),
    '',
    ...frame.json,
    '',
    '<a id="who-must-agree"></a>',
    '',
    frame.agree,
    '',
    ...frame.agreeIntro,
    '',
    ...table(
      frame.duties,
      commands.flatMap(({ access, ...command }) =>
        'local' in access ? [] : [[code(nameOf(command)), touched(access), whoAgrees(access)]],
      ),
    ),
    ...nouns.flatMap((noun) => ['', `## ${noun}`, ...all.filter((command) => command.noun === noun).flatMap(section)]),
  ])
}
