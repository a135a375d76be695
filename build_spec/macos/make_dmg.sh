#!/usr/bin/env bash
# Pack the application of macOS into a disk image: make_dmg.sh APPLICATION TARGET_FOLDER
#
# Not run yet: see docs/packages.md. Signing is left out unless these are set:
#   CRM_DESKTOP_SIGN_IDENTITY    a "Developer ID Application: …" in the keychain
#   CRM_DESKTOP_NOTARY_PROFILE   a profile stored with `xcrun notarytool store-credentials`
set -euo pipefail
application=$1 target=$2
here=$(cd "$(dirname "$0")" && pwd)
version=$(/usr/libexec/PlistBuddy -c "Print CFBundleShortVersionString" "$application/Contents/Info.plist")
image=$target/crm-desktop-$version-macos-$(uname -m).dmg

sign() {
    codesign --force --timestamp --options runtime --sign "$CRM_DESKTOP_SIGN_IDENTITY" "$@"
}

if [ -n "${CRM_DESKTOP_SIGN_IDENTITY:-}" ]; then
    # From the inside out: libraries and the server's programs, then the application.
    find "$application/Contents" -type f \( -name '*.dylib' -o -name '*.so' -o -perm -u+x \) -print0 |
        while IFS= read -r -d '' part; do
            file -b "$part" | grep -q Mach-O && sign --entitlements "$here/entitlements.plist" "$part"
        done
    sign --entitlements "$here/entitlements.plist" "$application"
    codesign --verify --deep --strict "$application"
else
    echo "Not signed: CRM_DESKTOP_SIGN_IDENTITY is not set." >&2
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$target"
cp -R "$application" "$stage/"
ln -s /Applications "$stage/Applications"
rm -f "$image"
hdiutil create -quiet -volname "CRM Desktop" -srcfolder "$stage" -fs HFS+ -format UDZO "$image"

if [ -n "${CRM_DESKTOP_SIGN_IDENTITY:-}" ]; then
    codesign --timestamp --sign "$CRM_DESKTOP_SIGN_IDENTITY" "$image"
fi
if [ -n "${CRM_DESKTOP_NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$CRM_DESKTOP_NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
fi
echo "$image"
