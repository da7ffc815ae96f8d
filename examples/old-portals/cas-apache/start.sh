#!/bin/sh
# Apache with mod_auth_cas before pages that know no CAS. Debian: apache2 libapache2-mod-auth-cas.
#
#   npx yideng client create --name … --legacy cas --legacy-until DATE --redirect-uri URL/app/
#
# Start: CAS=https://login.example.gov.cn/cas PORT=8080 ./start.sh
# The module validates tickets by https only. CA names the file of an authority that the machine does not know, VALIDATE another
# address of the validation, and MODULE mod_auth_cas.so where it is not among Apache's own modules.
set -eu
here=$(pwd)
mkdir -p www/app sessions
chmod 755 "$here" www www/app
chown www-data sessions
chmod 700 sessions
printf '您好，<!--#echo encoding="none" var="HTTP_CAS_NAME" -->' > www/app/index.html
printf '<a href="/app/">登录</a>' > www/index.html
cat > apache2.conf <<END
ServerRoot /usr/lib/apache2
ServerName localhost
Listen 127.0.0.1:$PORT
PidFile $here/pid
ErrorLog $here/error.log
DocumentRoot $here/www
User www-data
Group www-data
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authn_core_module modules/mod_authn_core.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule authz_user_module modules/mod_authz_user.so
LoadModule include_module modules/mod_include.so
LoadModule dir_module modules/mod_dir.so
LoadModule auth_cas_module ${MODULE:-modules/mod_auth_cas.so}
DirectoryIndex index.html
CASCookiePath $here/sessions/
CASLoginURL $CAS/login
CASValidateURL ${VALIDATE:-$CAS/p3/serviceValidate}
CASCertificatePath ${CA:-/etc/ssl/certs/}
CASRootProxiedAs http://localhost:$PORT
CASSSOEnabled On
<Location /app>
  AuthType CAS
  CASAuthNHeader Cas-User
  CASScrubRequestHeaders On
  Require valid-user
  Options +Includes
  SetOutputFilter INCLUDES
</Location>
END
exec apache2 -X -f "$here/apache2.conf"
