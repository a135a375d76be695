"""Start CRM Desktop from a checkout."""

import sys

from crm_desktop.app import main

if __name__ == "__main__":
    sys.exit(main())
