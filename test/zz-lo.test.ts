import { SignJWT, generateKeyPair, CompactEncrypt } from 'jose'
import { it } from 'vitest'
import { openPerson, signIn } from './setup/person.ts'
import { registerPortal } from './setup/portal.ts'
import { usualServer } from './setup/server.ts'
import { Visitor } from './setup/visitor.ts'
const home = 'https://portal.example.gov.cn/bye'
it('x', async () => {
  const server = await usualServer(); const services = await server.services()
  const person = await openPerson(services); const other = await openPerson(services)
  const foreign = await generateKeyPair('ES256'); const rsa = await generateKeyPair('RS256')
  async function signed(p = person) {
    const visitor = new Visitor(server.issuer)
    const portal = await registerPortal(services, { consent: 'implicit', post_logout_redirect_uris: [home, 'https://portal.example.gov.cn/b?x=1'] })
    const begun = await portal.begin()
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), p.username))
    return { visitor, portal, hint: tokens.id_token ?? '' }
  }
  const a = await signed(); const b = await signed(other)
  const b64 = (o: unknown) => Buffer.from(JSON.stringify(o)).toString('base64url')
  const [h, pl, sg] = a.hint.split('.') as [string,string,string]
  const claims = JSON.parse(Buffer.from(pl,'base64url').toString())
  const jwe = await new CompactEncrypt(Buffer.from('{}')).setProtectedHeader({alg:'ECDH-ES',enc:'A256GCM'}).encrypt((await generateKeyPair('ECDH-ES')).publicKey)
  const rs = await new SignJWT(claims).setProtectedHeader({alg:'RS256'}).sign(rsa.privateKey)
  const hs = await new SignJWT(claims).setProtectedHeader({alg:'HS256'}).sign(Buffer.from('x'.repeat(32)))
  const kid = await new SignJWT(claims).setProtectedHeader({alg:'ES256',kid:'../../x'}).sign(foreign.privateKey)
  const cid = a.portal.clientId
  const cases: [string, [string,string][]][] = [
    ['ok', [['id_token_hint',a.hint],['post_logout_redirect_uri',home]]],
    ['empty hint', [['id_token_hint',''],['client_id',cid],['post_logout_redirect_uri',home]]],
    ['hint spaces', [['id_token_hint',` ${a.hint} `],['post_logout_redirect_uri',home]]],
    ['jwe', [['id_token_hint',jwe],['client_id',cid],['post_logout_redirect_uri',home]]],
    ['rs foreign', [['id_token_hint',rs],['client_id',cid],['post_logout_redirect_uri',home]]],
    ['hs', [['id_token_hint',hs],['client_id',cid],['post_logout_redirect_uri',home]]],
    ['kid', [['id_token_hint',kid],['client_id',cid],['post_logout_redirect_uri',home]]],
    ['crit', [['id_token_hint',`${b64({alg:'ES256',crit:['x'],x:1})}.${pl}.${sg}`],['client_id',cid]]],
    ['alg number', [['id_token_hint',`${b64({alg:5})}.${pl}.${sg}`],['client_id',cid]]],
    ['alg missing', [['id_token_hint',`${b64({})}.${pl}.${sg}`],['client_id',cid]]],
    ['alg __proto__', [['id_token_hint',`${b64({alg:'__proto__'})}.${pl}.${sg}`],['client_id',cid]]],
    ['header null', [['id_token_hint',`${b64(null)}.${pl}.${sg}`],['client_id',cid]]],
    ['payload null', [['id_token_hint',`${h}.${b64(null)}.${sg}`],['client_id',cid]]],
    ['payload array', [['id_token_hint',`${h}.${b64([])}.${sg}`],['client_id',cid]]],
    ['aud object', [['id_token_hint',`${h}.${b64({...claims,aud:{a:1}})}.${sg}`],['client_id',cid]]],
    ['aud number', [['id_token_hint',`${h}.${b64({...claims,aud:5})}.${sg}`],['client_id',cid]]],
    ['aud __proto__', [['id_token_hint',`${h}.${b64({...claims,aud:'__proto__'})}.${sg}`]]],
    ['aud NUL', [['id_token_hint',`${h}.${b64({...claims,aud:'a\0b'})}.${sg}`]]],
    ['aud huge', [['id_token_hint',`${h}.${b64({...claims,aud:'a'.repeat(5000)})}.${sg}`]]],
    ['two dots', [['id_token_hint','..']]],
    ['4 parts', [['id_token_hint',a.hint+'.x'],['client_id',cid]]],
    ['hint unicode', [['id_token_hint','张三'],['client_id',cid]]],
    ['hint NUL', [['id_token_hint','\0'],['client_id',cid]]],
    ['access token-like', [['id_token_hint','eyJhbGciOiJFUzI1NiJ9'],['client_id',cid]]],
    ['other person hint', [['id_token_hint',b.hint],['post_logout_redirect_uri',home]]],
    ['client NUL', [['client_id','\0'],['post_logout_redirect_uri',home]]],
    ['client unicode', [['client_id','门户'],['post_logout_redirect_uri',home]]],
    ['client long', [['client_id','x'.repeat(6000)]]],
    ['client surrogate', [['client_id','\ud800']]],
    ['client proto', [['client_id','__proto__']]],
    ['client array', [['client_id[]',cid],['post_logout_redirect_uri',home]]],
    ['plr w/o client', [['post_logout_redirect_uri',home]]],
    ['plr empty', [['client_id',cid],['post_logout_redirect_uri','']]],
    ['plr upper', [['client_id',cid],['post_logout_redirect_uri',home.toUpperCase()]]],
    ['plr frag', [['client_id',cid],['post_logout_redirect_uri',home+'#x']]],
    ['plr query', [['client_id',cid],['post_logout_redirect_uri',home+'?x=1']]],
    ['plr crlf', [['client_id',cid],['post_logout_redirect_uri',home+'\r\nx: y']]],
    ['plr space', [['client_id',cid],['post_logout_redirect_uri',home+' ']]],
    ['plr relative', [['client_id',cid],['post_logout_redirect_uri','/bye']]],
    ['plr userinfo', [['client_id',cid],['post_logout_redirect_uri','https://x@portal.example.gov.cn/bye']]],
    ['plr :443', [['client_id',cid],['post_logout_redirect_uri','https://portal.example.gov.cn:443/bye']]],
    ['state without plr', [['client_id',cid],['state','s']]],
    ['state empty', [['client_id',cid],['post_logout_redirect_uri',home],['state','']]],
    ['state odd', [['client_id',cid],['post_logout_redirect_uri','https://portal.example.gov.cn/b?x=1'],['state','a=b&c#d 张\r\n\0%00"\'<>']]],
    ['state long', [['client_id',cid],['post_logout_redirect_uri',home],['state','s'.repeat(6000)]]],
    ['state surrogate', [['client_id',cid],['post_logout_redirect_uri',home],['state','\ud83d']]],
    ['state twice', [['client_id',cid],['post_logout_redirect_uri',home],['state','a'],['state','b']]],
    ['locales twice', [['client_id',cid],['ui_locales','en'],['ui_locales','zh']]],
    ['unknown param twice', [['client_id',cid],['post_logout_redirect_uri',home],['foo','a'],['foo','b']]],
    ['logout_hint', [['client_id',cid],['logout_hint',person.username],['post_logout_redirect_uri',home]]],
    ['logout_hint other', [['client_id',cid],['logout_hint','<script>'],['post_logout_redirect_uri',home]]],
    ['flaw param', [['client_id',cid],['flaw','address']]],
    ['flaw hint', [['client_id',cid],['flaw','hint'],['post_logout_redirect_uri',home]]],
    ['xsrf param', [['xsrf','x'],['logout','yes']]],
  ]
  for (const [what, fields] of cases) {
    const out: string[] = []
    for (const method of ['GET','POST']) for (const who of ['session','none']) {
      const s = who==='session' ? await signed() : undefined
      const visitor = s?.visitor ?? new Visitor(server.issuer)
      let page
      try {
        if (method==='GET') page = await visitor.get('/logout?'+new URLSearchParams(fields).toString())
        else { const r = await fetch(new URL('/logout',server.issuer),{method:'POST',body:new URLSearchParams(fields),redirect:'manual',headers:{origin:'https://x.example',accept:'text/html'}}); if (r.status!==303) { out.push(method+who+' POST '+r.status); continue }
          page = await visitor.get(new URL(r.headers.get('location')??'',server.issuer)) }
        const flaw = /(没有在一登登记|目前暂停使用|返回地址没有登记|核对不了|看不懂)/.exec(page.html)?.[1] ?? ''
        let end = ''
        if (/logout\/confirm/.test(page.html)) { const o = await visitor.submit(page,'/logout/confirm',{logout:'yes'}); end = o.leads?.href ?? (o.html.includes('已经退出')?'OUT':'?'+o.status) } else end = 'noform'
        if (s) { const acc = await visitor.get('/account'); if (!/^\/login\//.test(acc.url.pathname)) end += ' STILL IN' }
        out.push(`${page.status} ${flaw} ${end.slice(0,110)}`)
      } catch (e) { out.push('ERR '+String(e).slice(0,100)) }
    }
    console.log(what,'|',out.join(' | '))
  }
}, 560000)
