// The modules of oidc-provider that its documentation does not name. Only this file imports them: an upgrade breaks here first.

export { default as snakeCase } from 'oidc-provider/lib/helpers/_/snake_case.js'
export { default as requestStorage } from 'oidc-provider/lib/helpers/als.js'
export { default as epochTime } from 'oidc-provider/lib/helpers/epoch_time.js'
export { default as initializeKeystore } from 'oidc-provider/lib/helpers/initialize_keystore.js'
export { assertPayload } from 'oidc-provider/lib/helpers/jwt.js'
export { default as errorHandler } from 'oidc-provider/lib/shared/error_handler.js'
export { AlreadyUsedError } from 'oidc-provider/lib/helpers/re_render_errors.js'
export { default as revoke } from 'oidc-provider/lib/helpers/revoke.js'
export { default as internalsOf } from 'oidc-provider/lib/helpers/weak_cache.js'
