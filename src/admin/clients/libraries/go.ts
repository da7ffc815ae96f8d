import { quoted, type Library } from './library.ts'

/** go-oidc 3 and x/oauth2. */
export const go: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: ({
    issuer,
    clientId,
    secret,
    redirectUri,
    scope,
    authMethod,
  }) => `// go get github.com/coreos/go-oidc/v3 golang.org/x/oauth2
provider, err := oidc.NewProvider(ctx, ${quoted(issuer)})
if err != nil {
    log.Fatal(err)
}
config := oauth2.Config{
    ClientID:     ${quoted(clientId)},
    ClientSecret: ${quoted(secret)},
    Endpoint:     provider.Endpoint(),
    RedirectURL:  ${quoted(redirectUri)},
    Scopes:       []string{${scope.map(quoted).join(', ')}},
}
config.Endpoint.AuthStyle = oauth2.${authMethod === 'client_secret_post' ? 'AuthStyleInParams' : 'AuthStyleInHeader'}
verifier := provider.Verifier(&oidc.Config{ClientID: config.ClientID})

// The request. Keep state, nonce and pkce in the session of the browser.
state, nonce, pkce := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
address := config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce))

// The answer, at the callback. Compare state before, and idToken.Nonce with nonce after.
token, err := config.Exchange(ctx, code, oauth2.VerifierOption(pkce))
rawIDToken, _ := token.Extra("id_token").(string)
idToken, err := verifier.Verify(ctx, rawIDToken)
person, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
`,
}
