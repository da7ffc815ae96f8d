#!/bin/sh
# Apache with mod_auth_openidc before pages that know no OpenID Connect. Debian: apache2 libapache2-mod-auth-openidc.
#
#   npx yideng client create --name … --for apache --redirect-uri URL/redirect --post-logout-redirect-uri URL/signed-out
#     --backchannel-logout-uri "URL/redirect?logout=backchannel"
#
# prints yideng.conf. Put it beside this file. Start: PORT=8080 ./start.sh
# Pages are told who is there by the variables OIDC_CLAIM_sub, OIDC_CLAIM_name and OIDC_CLAIM_acr.
set -eu
here=$(pwd)
mkdir -p www
chmod 755 "$here" www
printf '您好，<!--#echo encoding="none" var="OIDC_CLAIM_name" -->' > www/index.html
printf 'signed out' > www/signed-out
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
LoadModule rewrite_module modules/mod_rewrite.so
LoadModule auth_openidc_module modules/mod_auth_openidc.so
DirectoryIndex index.html
<Directory $here/www>
  Options +Includes
  SetOutputFilter INCLUDES
</Directory>
Include $here/yideng.conf
<Location /signed-out>
  Require all granted
</Location>
END
exec apache2 -X -f "$here/apache2.conf"
