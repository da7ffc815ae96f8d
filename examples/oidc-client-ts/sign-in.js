/* global oidc, settings */
const manager = new oidc.UserManager({
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/signed-out`,
  scope: 'openid profile offline_access',
  // the name is at userinfo
  loadUserInfo: true,
  // the refresh token ends with the session
  revokeTokensOnSignout: true,
})

const show = (id, text) => (document.getElementById(id).textContent = text)

async function showPerson() {
  const user = await manager.getUser()
  show('person', user && !user.expired ? `您好，${user.profile.name}` : '未登录')
}

/** Does an act of a button, and says how it ended. */
const on = (id, act) =>
  document.getElementById(id).addEventListener('click', async () => {
    show('outcome', '')
    const outcome = await act().then(
      () => `${id}: done`,
      (error) => `${id}: ${error.message}`,
    )
    await showPerson()
    show('outcome', outcome)
  })

on('login', () => manager.signinRedirect())
on('popup', () => manager.signinPopup())
// by the refresh token; without one, by a hidden frame
on('renew', () => manager.signinSilent())
on('revoke', () => manager.revokeTokens())
on('logout', () => manager.signoutRedirect())

async function begin() {
  if (location.pathname === '/callback') {
    // in a popup or a hidden frame it tells the window that waits, and is done
    const user = await manager.signinCallback()
    if (user) history.replaceState(null, '', '/')
  }
  if (location.pathname === '/signed-out') await manager.signoutCallback()
  await showPerson()
}

begin().catch((error) => show('person', `登录没有完成：${error.message}`))
