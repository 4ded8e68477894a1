"""`python -m local`: run the local world."""

from local.run import main

raise SystemExit(main())
