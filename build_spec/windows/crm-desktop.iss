; Inno Setup script for Windows. Not run yet: see docs/packages.md.
;   iscc /DVersion=0.1.0 build_spec\windows\crm-desktop.iss
; To sign, register a tool named "crmsign" (Tools > Configure Sign Tools, or iscc
; "/Scrmsign=signtool sign /fd sha256 /tr %CRM_DESKTOP_TIMESTAMP_URL% /td sha256 /sha1 %CRM_DESKTOP_CERTIFICATE% $f")
; and pass /DSign.
#ifndef Version
  #error Name the version: /DVersion=0.1.0
#endif

[Setup]
AppId={{6E3D5A27-1B5C-4E0B-9C7E-2F2D1B7A9C41}
AppName=CRM Desktop
AppVersion={#Version}
AppPublisher=The CRM Desktop authors
DefaultDirName={autopf}\CRM Desktop
DefaultGroupName=CRM Desktop
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
OutputDir=..\..\dist
OutputBaseFilename=crm-desktop-{#Version}-windows-x86_64
SetupIconFile=..\..\build\package\icons\crm-desktop.ico
UninstallDisplayIcon={app}\crm-desktop.exe
LicenseFile=..\..\LICENSE
Compression=lzma2/max
SolidCompression=yes
ChangesEnvironment=yes
CloseApplications=yes
#ifdef Sign
SignTool=crmsign
SignedUninstaller=yes
#endif

[Files]
Source: "..\..\build\package\frozen\crm-desktop\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{autoprograms}\CRM Desktop"; Filename: "{app}\crm-desktop.exe"
Name: "{autodesktop}\CRM Desktop"; Filename: "{app}\crm-desktop.exe"; Tasks: desktop

[Tasks]
Name: "desktop"; Description: "Put an icon on the desktop"; Flags: unchecked

[Registry]
Root: HKA; Subkey: "Software\Classes\crm-desktop"; ValueType: string; ValueData: "URL:CRM Desktop link"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\crm-desktop"; ValueType: string; ValueName: "URL Protocol"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\crm-desktop\DefaultIcon"; ValueType: string; ValueData: "{app}\crm-desktop.exe,0"
Root: HKA; Subkey: "Software\Classes\crm-desktop\shell\open\command"; ValueType: string; ValueData: """{app}\crm-desktop.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Applications\crm-desktop.exe\shell\open\command"; ValueType: string; ValueData: """{app}\crm-desktop.exe"" ""%1"""; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\crm-desktop.exe\SupportedTypes"; ValueType: string; ValueName: ".csv"; ValueData: ""

[Run]
Filename: "{app}\crm-desktop-console.exe"; Parameters: "--self-test"; Description: "Try whether it works here"; Flags: postinstall unchecked skipifsilent
Filename: "{app}\crm-desktop.exe"; Description: "Open CRM Desktop"; Flags: postinstall nowait skipifsilent

; The workspace (%LOCALAPPDATA%\crm-desktop) belongs to its owner: uninstalling leaves it.
