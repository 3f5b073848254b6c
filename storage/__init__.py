"""Tables, migrations, one repository a table family. Rows never leave."""
