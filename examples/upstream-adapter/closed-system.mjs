// Takes the place of the closed system. Yours reads its own ticket here, as its document says.
const people = {
  'gj-0001': { name: '欧阳小龙', id_type: 'resident_id', id_number: '440601199003076636', phone_number: '13800138000' },
  'gj-0002': { name: '李四' },
}

/** A page that asks the person, or the answer: `sub` always means the same person, `acr` is how well it is proven. */
export async function personOf(url) {
  const chosen = url.searchParams.get('person')
  if (chosen === 'none') return { answer: { error: 'access_denied' } }
  if (Object.hasOwn(people, chosen)) return { answer: { sub: chosen, acr: 'real', claims: people[chosen] } }
  const button = ([id, { name }]) => `<p><button name="person" value="${id}">${name}</button></p>`
  return {
    page: `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>登录</title><form>
<input type="hidden" name="request" value="${url.searchParams.get('request')}">
${Object.entries(people).map(button).join('\n')}
<p><button name="person" value="none">不登录</button></p></form></html>`,
  }
}
