import { html, type Html } from './html.ts'
import type { Licence } from './licences.ts'
import type { SignedIn } from './session.ts'
import { genders, levels, relations, wordedWays } from './words.ts'

/** Appearance of a portal, and links to the other portals. */
export interface Look {
  name: string
  tagline: string
  colour: string
  otherPortals: readonly { name: string; url: string }[]
}

function layout(look: Look, title: string, body: Html): Html {
  return html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="theme-color" content="${look.colour}" />
        <title>${title === look.name ? title : `${title} — ${look.name}`}</title>
        <link rel="stylesheet" href="/portal.css" />
        <link rel="icon" type="image/svg+xml" href="/mark.svg" />
      </head>
      <body>
        <header>
          <a class="name" href="/"><img src="/mark.svg" alt="" width="40" height="40" />${look.name}</a>
          <p>${look.tagline}</p>
        </header>
        <main>${body}</main>
        <footer><p>演示门户，内容都是虚构的。登录由一登提供。</p></footer>
      </body>
    </html>`
}

const neighbours = ({ otherPortals }: Look, path: string) => html`
  <ul class="neighbours">
    ${otherPortals.map(({ name, url }) => html`<li><a href="${url}${path}">${name}</a></li>`)}
  </ul>
`

/** @param signedOut whether the person returns from signing out */
export function welcomePage(look: Look, signedOut: boolean): Html {
  return layout(
    look,
    look.name,
    html`
      ${signedOut && html`<p class="note" role="status">您已经退出登录。</p>`}
      <h1>办事，从一次登录开始</h1>
      <p>用一登账户登录，全省各级政务门户都不用再登一次。</p>
      <p><a class="button" href="/login">使用一登登录</a></p>
      <section>
        <h2>其他门户</h2>
        ${neighbours(look, '/')}
      </section>
    `,
  )
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
const masked = (phone: string) => phone.replace(/^\+86/, '').replace(/\d{4}(\d{4})$/, '****$1')
const shortened = (id: string) => (id.length > 8 ? `${id.slice(0, 8)}…` : id)

const when = new Intl.DateTimeFormat('zh-CN', { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Shanghai' })

interface Representee {
  status?: string
  type?: string
  name?: string
  uscc?: string
  relation?: string
}

/** The principal that the person acts for. Every page shows it, to prevent acts for the wrong principal. */
function actingBanner({ claims }: SignedIn): Html | false {
  const { status, type, name, uscc, relation } = (claims['representee'] ?? {}) as Representee
  if (status !== 'acting') return false
  const who = type === 'natural_person' ? `您正在替 ${name} 办事` : `您正在代表 ${name} 办事`
  return html`<p class="acting" role="status">
    <span><strong>${who}</strong> ${relations[relation ?? ''] ?? ''} ${uscc}</span>
    <a href="/login?choose=yes">切换</a>
  </p>`
}

function rowsOf({ claims, sid }: SignedIn): [string, string | undefined][] {
  const {
    name,
    gender,
    birthdate,
    phone_number: phone,
    phone_number_verified: proven,
    auth_time: signedInAt,
    sub,
  } = claims
  return [
    ['姓名', text(name)],
    ['性别', genders[text(gender) ?? '']],
    ['出生日期', text(birthdate)],
    ['手机号码', text(phone) && `${masked(text(phone) ?? '')}${proven ? '（已验证）' : '（未验证）'}`],
    ['登录时间', typeof signedInAt === 'number' ? when.format(signedInAt * 1000) : undefined],
    ['本门户编号', shortened(sub)],
    ['一登会话', sid && shortened(sid)],
  ]
}

export function homePage(look: Look, person: SignedIn, hasLicences: boolean): Html {
  const { acr, amr, name } = person.claims
  const level = levels[text(acr) ?? '']
  const rows = rowsOf(person).filter(([, value]) => value)
  return layout(
    look,
    look.name,
    html`
      ${actingBanner(person)}
      <h1>${text(name) ?? '您'}，您好</h1>
      <p class="level">
        <strong>${level?.name ?? text(acr) ?? '未说明等级'}</strong>
        <span>${level?.meaning}这次用${wordedWays(amr)}登录。</span>
      </p>
      <div class="actions">
        ${hasLicences && html`<a class="button" href="/licences">我的电子证照</a>`}
        <form method="post" action="/logout"><button class="button plain">退出登录</button></form>
      </div>
      <section>
        <h2>去其他门户，不用再登录</h2>
        ${neighbours(look, '/login')}
      </section>
      <section>
        <h2>一登告诉本门户的信息</h2>
        <table>
          ${rows.map(
            ([label, value]) =>
              html`<tr>
                <th scope="row">${label}</th>
                <td>${value}</td>
              </tr>`,
          )}
        </table>
        <p class="hint">您的编号在每个门户都不一样，门户之间不能凭它拼凑您的信息。</p>
      </section>
    `,
  )
}

export function licencesPage(look: Look, licences: readonly Licence[]): Html {
  return layout(
    look,
    '我的电子证照',
    html`
      <h1>我的电子证照</h1>
      <p>本门户代您向电子证照库查询。证照库只凭一登签发的令牌认人，不问密码。</p>
      <ul class="licences">
        ${licences.map(
          ({ kind, number, issuer, validUntil }) =>
            html`<li>
              <h2>${kind}</h2>
              <p class="number">${number}</p>
              <p>${issuer}</p>
              <p>有效期至 ${validUntil}</p>
            </li>`,
        )}
      </ul>
      <p><a href="/">回到首页</a></p>
    `,
  )
}

/** @param again address for another attempt; by default the home page */
export function problemPage(look: Look, problem: { title: string; text: string; again?: string }): Html {
  return layout(
    look,
    problem.title,
    html`
      <h1>${problem.title}</h1>
      <p>${problem.text}</p>
      <p class="actions">
        ${problem.again && html`<a class="button" href="${problem.again}">再试一次</a>`}
        <a class="button plain" href="/">回到首页</a>
      </p>
    `,
  )
}
