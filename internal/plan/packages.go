package plan

func (p *Plan) fromPackages(text string) ([]candidate, error) { return nil, nil }
